"""An enumeration tells what its members mean, and which there are."""

from pydantic import TypeAdapter

from toolyard import SKIP, PromptEnum, PromptModel, prompt, schema_text, to_prompt


class UserIntent(PromptEnum):
    """Represents different user intents for a chatbot"""

    Greeting = "Greeting", "User wants to greet or say hello"
    Help = "Help", "User is asking for help or assistance"


class UserAction(PromptEnum):
    """Represents different actions a user can take in the system"""

    CreateDocument = "CreateDocument", "User wants to create a new document"
    InternalDebugAction = "InternalDebugAction", "For us", SKIP
    DeleteItem = "DeleteItem"


class Bare(PromptEnum):
    A = "a"


def test_a_member_tells_what_it_means() -> None:
    assert UserIntent.Greeting.to_prompt() == "Greeting: User wants to greet or say hello"
    assert to_prompt(UserAction.DeleteItem) == "DeleteItem"
    assert prompt("{{ i }}", i=UserAction.InternalDebugAction) == "InternalDebugAction"


def test_the_type_lists_its_members_but_hidden_ones() -> None:
    assert schema_text(UserIntent) == UserIntent.prompt_schema() == (
        "UserIntent: Represents different user intents for a chatbot\n"
        "\n"
        "Possible values:\n"
        "- Greeting: User wants to greet or say hello\n"
        "- Help: User is asking for help or assistance"
    )  # fmt: skip
    assert UserAction.prompt_schema().splitlines()[3:] == [
        "- CreateDocument: User wants to create a new document",
        "- DeleteItem",
    ]
    assert Bare.prompt_schema() == "Bare\n\nPossible values:\n- a"


def test_it_is_an_enumeration_of_texts_like_others() -> None:
    class Message(PromptModel):
        action: UserAction

    hidden = Message.model_validate_json('{"action": "InternalDebugAction"}').action

    assert hidden is UserAction("InternalDebugAction")
    assert str(UserIntent.Help) == UserIntent.Help.value == "Help"
    assert TypeAdapter(UserIntent).json_schema()["enum"] == ["Greeting", "Help"]
    assert '"action": "CreateDocument" | "DeleteItem" // Represents' in Message.prompt_schema()
    assert '"CreateDocument"' in Message.prompt_example()
