"""What each listener is told of what was said."""

import re
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from toolyard.orchestration.hub import LEFT_OUT, TASK, Hub
from toolyard.orchestration.texts.quoted import quoted

TALKERS = ("ann", "bob", "cy")
TEXTS = st.sampled_from(["yes", "no", "", "</said>", 'said by="bob"', "one\n\ntwo"])


@dataclass
class Listener:
    """What one was told, as it should be."""

    told: list[str] = field(default_factory=list[str])
    """All that it heard in turns that succeeded."""
    has_task: bool = False


class HubModel(RuleBasedStateMachine):
    """Whoever remembers hears each word of each other once, in order, whatever happens."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = Hub("Do it.")
        self.said = list[tuple[str, str]]()
        self.listeners = {each: Listener() for each in TALKERS}

    @rule(who=st.sampled_from(TALKERS), text=TEXTS)
    def say(self, who: str, text: str) -> None:
        self.hub.say(who, who.title(), text)
        self.said.append((who, text))

    @rule(who=st.sampled_from(TALKERS), succeeds=st.booleans())
    def listen(self, who: str, succeeds: bool) -> None:
        before, listener = len(self.said), self.listeners[who]
        news = self.hub.news(who)
        expected = self.all_for(who)[len(listener.told) :]
        task = [] if listener.has_task else [TASK + "Do it."]
        assert news == "\n\n".join([*task, *expected])
        if succeeds:
            self.hub.hear(who, until=before)
            listener.told += expected
            listener.has_task = True

    @rule(who=st.sampled_from(TALKERS), others=st.lists(st.tuples(st.sampled_from(TALKERS), TEXTS)))
    def listen_while_others_speak(self, who: str, others: list[tuple[str, str]]) -> None:
        listener, until = self.listeners[who], len(self.said)
        expected = self.all_for(who)
        for other, text in others:
            self.say(other, text)
        self.hub.hear(who, until=until)
        listener.told = expected
        listener.has_task = True

    @rule(who=st.sampled_from(TALKERS), last=st.integers(1, 3))
    def listen_to_the_last(self, who: str, last: int) -> None:
        listener = self.listeners[who]
        new = self.all_for(who)[len(listener.told) :]
        task = [] if listener.has_task else [TASK + "Do it."]
        cut = [LEFT_OUT.format(len(new) - last)] if len(new) > last else []
        assert self.hub.news(who, last=last) == "\n\n".join([*task, *cut, *new[-last:]])

    @rule(who=st.sampled_from(TALKERS))
    def listen_without_a_memory(self, who: str) -> None:
        names = {each: each.title() + (" (you)" if each == who else "") for each in TALKERS}
        shown = [quoted(names[each], text) for each, text in self.said]
        told = "\n\n".join([TASK + "Do it.", *shown])
        assert self.hub.news(who, remembers=False) == told

    @invariant()
    def all_is_kept_in_order(self) -> None:
        assert [(each.member_id, each.text) for each in self.hub.said] == self.said

    def all_for(self, who: str) -> list[str]:
        """All that the others said."""
        return [quoted(each.title(), text) for each, text in self.said if each != who]


TestHub = HubModel.TestCase
TestHub.settings = settings(max_examples=40, stateful_step_count=25)

TAGS = re.compile(r"<\s*/?\s*said\b", re.IGNORECASE)
SNIPPETS = st.lists(
    st.sampled_from(["<", "/", "said", "SAID", " ", "\n", "\t", ">", '"', "'", "&lt;", "by=", "x"])
)


@given(SNIPPETS.map("".join), SNIPPETS.map("".join))
def test_nothing_that_is_said_ends_it_or_begins_what_another_said(name: str, text: str) -> None:
    shown = quoted(name, text)

    assert [each.start() for each in TAGS.finditer(shown)] == [0, len(shown) - len("</said>")]
    head = shown.partition("\n")[0]
    assert head.startswith("<said by=")
    assert head.endswith(">")
    assert "<" not in head[1:]
