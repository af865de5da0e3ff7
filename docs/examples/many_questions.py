"""Many questions, some at once, within a budget and with a second model behind the first."""

import anyio

from toolyard import (
    Budget,
    Budgeted,
    BudgetLimits,
    EchoModel,
    Fallback,
    RateLimited,
    Reply,
    Retrying,
    RetryPolicy,
    ScriptedModel,
    complete_all,
)


async def main() -> None:
    busy = ScriptedModel(*[RateLimited("Too many requests.")] * 100)
    patient = Retrying(busy, RetryPolicy(attempts=2, wait_s=0.01, jitter_s=0))
    budget = Budget(BudgetLimits(tokens=50_000, cost_usd=0.10, seconds=60))
    model = Budgeted(Fallback(patient, EchoModel()), budget)

    questions = [f"What is {number} times 7?" for number in range(20)]
    answers = await complete_all(questions, model=model, at_once=5)
    for question, answer in list(zip(questions, answers, strict=True))[:3]:
        print(question, "->", answer.text if isinstance(answer, Reply) else answer)
    print(f"{budget.used.calls} answers, {budget.used.total_tokens} tokens")


if __name__ == "__main__":
    import logging

    logging.disable(logging.WARNING)  # that the first model is busy is told for each question
    anyio.run(main)
