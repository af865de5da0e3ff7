"""Actions are found in a reply, replaced and taken out, however badly it is written."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.cpu_time import least_cpu_s

from toolyard import Action, Actions, InnerText, PromptError


class Unit(StrEnum):
    CELSIUS = "celsius"


class GetWeather(Action):
    """Get the current weather"""


class ShowImage(Action):
    """Show an image to the user"""

    href: str
    """The URL of the image to display"""
    width: int = 100
    urgent: bool = False
    unit: Unit | None = None


class SendMessage(Action):
    """Send a message to someone"""

    to: str
    """The recipient of the message"""
    content: InnerText
    """The content of the message"""


ACTIONS = Actions(
    GetWeather,
    ShowImage,
    SendMessage,
    prompt="**Available Actions:**\n{{ actions_doc }}\n\n**User Request:**\n{{ user_request }}",
)
REPLY = """
Here's the weather: <GetWeather />
And here's a cat picture: <ShowImage href="https://cataas.com/cat" />
<SendMessage to="user">I've completed both requests!</SendMessage>
"""


def test_the_actions_of_a_reply_are_found_in_order() -> None:
    assert ACTIONS.extract(REPLY) == [
        GetWeather(),
        ShowImage(href="https://cataas.com/cat"),
        SendMessage(to="user", content="I've completed both requests!"),
    ]


def described(action: GetWeather | ShowImage | SendMessage) -> str:
    match action:
        case ShowImage(href=href):
            return f"[Displaying image from {href}]"
        case SendMessage(to=to, content=content):
            return f"[Message to {to}: {content}]"
        case _:
            return "[Checking weather...]"


def test_actions_are_replaced_by_what_is_made_of_them() -> None:
    assert ACTIONS.transform(REPLY, described) == (
        "\nHere's the weather: [Checking weather...]\n"
        "And here's a cat picture: [Displaying image from https://cataas.com/cat]\n"
        "[Message to user: I've completed both requests!]\n"
    )


def test_actions_are_taken_out() -> None:
    assert ACTIONS.strip(REPLY) == "\nHere's the weather: \nAnd here's a cat picture: \n\n"


def test_the_prompt_tells_how_each_is_written() -> None:
    assert ACTIONS.build_prompt(user_request="Hi! <GetWeather/>") == (
        "**Available Actions:**\n"
        "- `<GetWeather />`: Get the current weather\n"
        '- `<ShowImage href="..." width="..." urgent="..." unit="..." />`: '
        "Show an image to the user\n"
        "  - `href` (attribute): The URL of the image to display\n"
        "  - `width` (attribute, optional)\n"
        "  - `urgent` (attribute, optional)\n"
        "  - `unit` (attribute, optional)\n"
        '- `<SendMessage to="...">content</SendMessage>`: Send a message to someone\n'
        "  - `to` (attribute): The recipient of the message\n"
        "  - `content` (inner text): The content of the message\n\n"
        "**User Request:**\nHi! &lt;GetWeather/>"
    )


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("<showimage HREF='a'/>", ShowImage(href="a")),
        ('<ShowImage href="a > b" width="7"></ShowImage>', ShowImage(href="a > b", width=7)),
        ("<ShowImage href=/a/b/ width=7 />", ShowImage(href="/a/b/", width=7)),
        ("<ShowImage\n  href = 'x?a=1&amp;b=&quot;'\n urgent>\n</ShowImage>",
         ShowImage(href='x?a=1&b="', urgent=True)),
        ('<ShowImage href="a" urgent="yes" unit="celsius" other="1"/>',
         ShowImage(href="a", urgent=True, unit=Unit.CELSIUS)),
        ("<ShowImage href='?a=1&copy=2&amp;lt=3&#38;'/>", ShowImage(href="?a=1&copy=2&lt=3&")),
        ("<SendMessage to='x'>1 &lt; 2 <b>bold</b>\n&#65;</SendMessage >",
         SendMessage(to="x", content="1 < 2 <b>bold</b>\nA")),
        ("Use <SendMessage> so: <SendMessage to='x'>hi</SendMessage>",
         SendMessage(to="x", content="hi")),
        ('<ShowImage href="no end> <SendMessage to="x">hi</SendMessage>',
         SendMessage(to="x", content="hi")),
        ("</SendMessage> <GetWeathers/> <GetWeather", None),
        ("<ShowImage/> <ShowImage href='a' width='wide'/>", None),
        ("< GetWeather/>", None),
    ],
)  # fmt: skip
def test_an_action_is_read_as_it_was_meant(
    text: str, action: GetWeather | ShowImage | SendMessage | None
) -> None:
    assert ACTIONS.extract(text) == ([] if action is None else [action])


def test_actions_inside_of_others_are_found_and_replaced_first() -> None:
    text = 'a <SendMessage to="x">see <ShowImage href="u"/> &amp; go</SendMessage> b'

    assert [type(action) for action in ACTIONS.extract(text)] == [SendMessage, ShowImage]
    assert ACTIONS.transform(text, described) == (
        "a [Message to x: see [Displaying image from u] & go] b"
    )
    assert ACTIONS.strip(text) == "a  b"


def test_what_is_no_action_after_all_stays_and_is_told() -> None:
    text = '<ShowImage width="wide" href="a"/> <SendMessage>&amp; one <GetWeather/></SendMessage>'
    reading = ACTIONS.read(f"{text} <SendMessage to='x'>cut")

    assert reading.actions == [GetWeather()]
    assert (reading.found[0].start, reading.found[0].end) == (58, 71)
    assert reading.refused == [
        "<SendMessage> at letter 87 has no end.",
        "<ShowImage> at letter 1: width: Input should be a valid integer, unable to parse string "
        "as an integer.",
        "<SendMessage> at letter 36: to: Field required.",
    ]
    assert ACTIONS.transform(text, described) == text.replace(
        "<GetWeather/>", "[Checking weather...]"
    )


def test_actions_are_nested_a_hundred_deep_at_most() -> None:
    reading = ACTIONS.read("<SendMessage to='x'>" * 101 + "</SendMessage>" * 101)

    assert len(reading.actions) == 100
    assert reading.refused == ["Some elements cross others, or are nested too deeply."]


def test_nothing_of_broken_tags_is_left_by_strip() -> None:
    text = (
        'a<SendMessage>b<GetWeather>c</SendMessage>d</GetWeather>e</ShowImage>f<ShowImage x="1">g'
    )

    assert ACTIONS.strip(text) == "adefg"


def test_a_class_has_a_tag_of_its_own_and_one_inner_text() -> None:
    class Weather(Action, tag="get-weather"):
        pass

    assert Actions(Weather).extract("<GET-WEATHER/>") == [Weather()]
    with pytest.raises(PromptError, match="Two of the actions have the same tag"):
        Actions(Weather, Weather)
    with pytest.raises(PromptError, match="is no name of a tag"):

        class Bad(Action, tag="a b"):  # pyright: ignore[reportUnusedClass]
            pass

    with pytest.raises(PromptError, match="Two has more than one InnerText: a, b"):

        class Two(Action):  # pyright: ignore[reportUnusedClass]
            a: InnerText
            b: InnerText


def test_a_prompt_that_is_not_there_or_forgets_the_actions_is_refused() -> None:
    with pytest.raises(PromptError, match="have no prompt"):
        Actions(GetWeather).build_prompt()
    with pytest.raises(PromptError, match="must name actions_doc"):
        Actions(GetWeather, prompt="Do it.")


PIECES = st.sampled_from([
    "<SendMessage to='x'>", "</SendMessage>", "<GetWeather/>", "<GetWeather>", "</GetWeather>",
    '<ShowImage href="', '">', "<", ">", "text", "&amp;",
])  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
def test_in_any_text_what_is_replaced_is_what_was_found(text: str) -> None:
    replaced: list[str] = []

    def write(action: GetWeather | ShowImage | SendMessage) -> str:
        replaced.append(type(action).__name__)
        return ""

    transformed = ACTIONS.transform(text, write)

    assert sorted(replaced) == sorted(type(each).__name__ for each in ACTIONS.extract(text))
    assert replaced or transformed == text


@pytest.mark.parametrize(
    "piece",
    ["<SendMessage to='x'>", "</SendMessage>", "<GetWeather/>", "<SendMessage to='",
     "<ShowImage a ", "<SendMessage to='x'>a</SendMessage>",
     "<GetWeather><SendMessage to='x'></GetWeather>"],
)  # fmt: skip
def test_hostile_markup_takes_time_that_grows_with_its_length(piece: str) -> None:
    half = 100_000 // len(piece)
    text = piece * half + "</SendMessage>" * half

    def work() -> None:
        ACTIONS.read(text)
        ACTIONS.transform(text, described)
        ACTIONS.strip(text)

    assert least_cpu_s(work, enough_s=1) < 2
