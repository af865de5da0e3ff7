"""How long something holds up its thread, on a machine where others work too."""

import gc
import time
from collections.abc import Callable

TRIES = 3


def least_cpu_s(work: Callable[[], object], *, enough_s: float) -> float:
    """Return the CPU seconds of this thread in the quickest of `TRIES` runs of `work`.

    Ends early with a run below `enough_s`: what is slow by itself is slow each time.
    """
    least_s = float("inf")
    gc.disable()
    try:
        for _ in range(TRIES):
            started = time.thread_time()
            work()
            least_s = min(least_s, time.thread_time() - started)
            if least_s < enough_s:
                break
    finally:
        gc.enable()
    return least_s
