"""What only one may do at a time."""

import anyio
from anyio.lowlevel import checkpoint

from toolyard.core.one_at_a_time import OneAtATime


async def test_one_enters_after_the_other_in_the_order_in_which_they_came() -> None:
    turn, inside, entered = OneAtATime(), 0, list[int]()

    async def enter(number: int) -> None:
        nonlocal inside
        async with turn:
            inside += 1
            entered.append(number)
            await checkpoint()
            assert inside == 1
            inside -= 1

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(enter, number)

    assert entered == [0, 1, 2, 3, 4]
    assert not turn.is_entered


async def test_another_task_may_leave_it() -> None:
    turn = OneAtATime()
    await turn.__aenter__()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(turn.__aexit__, None, None, None)
        with anyio.fail_after(5):
            async with turn:
                assert turn.is_entered


async def test_whoever_gives_up_waiting_keeps_nobody_out() -> None:
    turn = OneAtATime()
    async with turn:
        with anyio.move_on_after(0.01) as waiting:
            await turn.__aenter__()
        assert waiting.cancelled_caught

    with anyio.fail_after(5):
        async with turn:
            pass
    assert not turn.is_entered
