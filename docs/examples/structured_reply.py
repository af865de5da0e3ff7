"""A typed value out of a reply that says other things as well, and is not quite JSON."""

from pydantic import Field

from toolyard import (
    ExtractionError,
    Fenced,
    PromptModel,
    Tagged,
    extract,
    extract_json,
    read_json,
)


class Review(PromptModel):
    score: int = Field(ge=0, le=100)
    """How good it is, from 0 to 100"""
    issues: list[str] = Field(default=[])
    """What is wrong with it"""


REPLY = """\
<thinking>The user said "be {honest}", as in [1].</thinking>
Here is my review {draft}: {"score": 70, "issues": ["no tests"]}. Anything else?
"""
BROKEN = """\
```json
{'score': 70, 'issues': ['no tests', 'no “types”',], // that is all
```
"""


def main() -> None:
    print(Review.prompt_schema())
    print(read_json(REPLY, Review))

    repaired = extract_json(BROKEN, Review)
    print(repaired.value, "from", repaired.place, "- repaired:", repaired.is_repaired)

    print(extract(REPLY, Fenced(), Tagged("thinking")))
    try:
        read_json('{"score": 700} or {"points": 7}', Review)
    except ExtractionError as error:
        print(error)


if __name__ == "__main__":
    main()
