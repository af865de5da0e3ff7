"""Files against others that interfere, for long: exchanged directories and killed writers."""

import os
from pathlib import Path

import pytest
from tests.builtin_tools.files import BACK_ENDS
from tests.builtin_tools.interference import race, survive_kills

from toolyard.builtin_tools.filesystem.root import Confinement

TIMES = float(os.environ.get("SOAK", "1"))
pytestmark = pytest.mark.timeout(3_600 * max(1, TIMES))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("confinement", BACK_ENDS)
async def test_no_read_leaks_while_a_directory_is_exchanged_with_a_link(
    tmp_path: Path, confinement: Confinement
) -> None:
    good, refused = await race(tmp_path, confinement, reads=int(100_000 * TIMES))
    print(f"\n{confinement}: {good} good reads, {refused} refused, 0 leaks")


async def test_no_kill_leaves_half_a_file(tmp_path: Path) -> None:
    await survive_kills(tmp_path, kills=int(200 * TIMES), pause_s=0.003)
