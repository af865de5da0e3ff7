"""What a run may use: it ends cleanly when that is used up."""

from decimal import Decimal

import anyio
import pytest

from toolyard.core.errors import BudgetSpent
from toolyard.llm.budget import Budget, Budgeted, BudgetLimits
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.message import assistant, user
from toolyard.llm.prices import ListPrices, Price
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.llm.usage import Usage

HELLO = ChatRequest([user("Hello")])


def answer(tokens: int) -> Reply:
    half = tokens // 2
    return Reply(
        assistant("Hi"), Usage(input_tokens=half, output_tokens=tokens - half), model="own:m"
    )


def budgeted(limits: BudgetLimits, *replies: Reply) -> Budgeted:
    prices = ListPrices({"own:m": Price(input=1, output=3)})
    return Budgeted(ScriptedModel(*replies), Budget(limits, prices))


async def test_tokens() -> None:
    model = budgeted(BudgetLimits(tokens=150), *[answer(100)] * 3)
    await model.reply(HELLO)
    await model.reply(HELLO)  # what is begun is finished
    with pytest.raises(BudgetSpent, match=r"150 tokens, and has used 200"):
        await model.reply(HELLO)
    assert model.budget.used.total_tokens == 200


async def test_calls_answered_or_not() -> None:
    model = budgeted(BudgetLimits(calls=2), answer(1))
    await model.reply(HELLO)
    with pytest.raises(Exception, match="script ended"):
        await model.reply(HELLO)
    with pytest.raises(BudgetSpent, match="2 calls"):
        await model.reply(HELLO)


async def test_money() -> None:
    model = budgeted(BudgetLimits(cost_usd=Decimal("0.0002")), *[answer(100)] * 2)
    await model.reply(HELLO)
    assert model.budget.cost_usd == Decimal("0.0002")  # 50 read at 1 and 50 written at 3 a million
    with pytest.raises(BudgetSpent, match="US dollars"):
        await model.reply(HELLO)


async def test_a_stream_counts_too() -> None:
    model = budgeted(BudgetLimits(tokens=50), answer(100))
    *_, reply = [piece async for piece in model.stream(HELLO)]
    assert reply == answer(100)
    with pytest.raises(BudgetSpent):
        await anext(model.stream(HELLO))


class Slow:
    async def reply(self, request: ChatRequest) -> Reply:
        await anyio.sleep_forever()
        raise AssertionError


async def test_seconds_end_what_is_under_way() -> None:
    model = Budgeted(Slow(), Budget(BudgetLimits(seconds=0.1)))
    with anyio.fail_after(5), pytest.raises(BudgetSpent, match=r"0\.1 s"):
        await model.reply(HELLO)
    with pytest.raises(BudgetSpent, match=r"0\.1 s"):
        await model.reply(HELLO)


async def test_seconds_end_a_stream() -> None:
    model = Budgeted(Slow(), Budget(BudgetLimits(seconds=0.1)))
    with anyio.fail_after(5), pytest.raises(BudgetSpent, match=r"0\.1 s"):
        _ = [piece async for piece in model.stream(HELLO)]


async def test_the_seconds_begin_with_the_first_request() -> None:
    model = Budgeted(ScriptedModel("Hi"), Budget(BudgetLimits(seconds=0.2)))
    await anyio.sleep(0.25)
    await model.reply(HELLO)


async def test_several_models_share_one() -> None:
    budget = Budget(BudgetLimits(calls=2))
    models = [Budgeted(ScriptedModel("Hi", "Hi"), budget) for _ in range(2)]
    for model in models:
        await model.reply(HELLO)
    with pytest.raises(BudgetSpent):
        await models[0].reply(HELLO)


async def test_what_is_used_in_another_process() -> None:
    budget = Budget(BudgetLimits(tokens=100, calls=3, seconds=60))
    assert 0 < budget.seconds_left() <= 60

    budget.add(Usage(input_tokens=30, output_tokens=20), Decimal(1), 2)
    assert (budget.used.total_tokens, budget.cost_usd, budget.calls) == (50, 1, 2)
    assert not budget.is_spent
    budget.add(Usage(), Decimal(0), 1)
    assert budget.is_spent
