from functools import partial

from toolyard.core.documentation import Documentation, read_documentation


def test_the_text_leaves_out_what_the_schemas_say() -> None:
    def weigh(thing: str, *, unit: str = "kg") -> float:
        """Weigh a thing.

        Only on earth.

        Args:
            thing: What to weigh: anything
                that fits.
            unit (str, optional): Of the answer.

        Returns:
            The weight.

            In two paragraphs.

        Raises:
            ValueError: Too heavy.

        Example:
            Weigh a pear.
        """
        raise NotImplementedError(thing, unit)

    read = read_documentation(weigh)
    assert read.text == "Weigh a thing.\n\nOnly on earth.\n\nExample:\n    Weigh a pear."
    assert read.arguments == {
        "thing": "What to weigh: anything that fits.",
        "unit": "Of the answer.",
    }


def test_no_docstring_says_nothing() -> None:
    def silent() -> None: ...

    assert read_documentation(silent).text == ""
    assert read_documentation(silent).arguments == {}


def test_a_partial_has_the_docstring_of_its_function() -> None:
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    assert read_documentation(partial(add, 1)).text == "Add."


def test_each_way_to_write_an_argument_is_read() -> None:
    def odd() -> None:
        """Odd.

        Args:
            a - after a dash
            b : after a blank
            c, *d: two at once
            `e` (Literal['x: y'], optional): a type (with brackets): and more
            f:
                on its own line,

                and after an empty one: indented
            g: one of
                - h: which is no argument
        """

    assert read_documentation(odd) == Documentation(
        "Odd.",
        {
            "a": "after a dash",
            "b": "after a blank",
            "c": "two at once",
            "d": "two at once",
            "e": "a type (with brackets): and more",
            "f": "on its own line, and after an empty one: indented",
            "g": "one of - h: which is no argument",
        },
    )


def test_a_line_that_describes_no_argument_stays_in_the_text() -> None:
    def odd() -> None:
        """Odd.

        Args:
            Either of the two:
            is needed
                at least.
            a: The one.

        Example:
            Now.
        """

    read = read_documentation(odd)
    assert read.arguments == {"a": "The one."}
    assert read.text == (
        "Odd.\n\nExample:\n    Now.\n\n"
        "Args:\n    Either of the two:\n    is needed\n        at least."
    )


def test_an_argument_section_that_cannot_be_read_describes_nothing() -> None:
    def odd() -> None:
        """Odd.

        Args:
        """

    read = read_documentation(odd)
    assert read.text == "Odd."
    assert read.arguments == {}
