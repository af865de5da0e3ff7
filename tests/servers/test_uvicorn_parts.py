"""uvicorn is whole for everyone else."""

from __future__ import annotations

import sys

from tests.support.process import run

WITHOUT = """
import sys
import toolyard.servers.uvicorn_parts
assert not {"click", "uvicorn.main", "uvicorn.supervisors", "socketserver"} & set(sys.modules)
"""
LATER = """
import uvicorn
from uvicorn import Server, run
from uvicorn.server import Server as real
from click import Command
assert uvicorn.Server is Server is real is toolyard.servers.uvicorn_parts.Server
assert isinstance(uvicorn.main, Command) and uvicorn.main is sys.modules["uvicorn.main"].main
assert uvicorn.supervisors.Multiprocess and uvicorn.run is run
assert not hasattr(uvicorn, "nothing")
uvicorn.Config(None, log_config={"version": 1, "root": {"level": "ERROR"}})
assert "socketserver" in sys.modules
import logging.config
assert logging.config is sys.modules["logging.config"] and logging.root.level == logging.ERROR
"""


def test_its_command_is_loaded_for_those_who_ask_for_it() -> None:
    told = run([sys.executable, "-c", WITHOUT + LATER])
    assert told.code == 0, told.errors


def test_a_part_that_is_asked_for_first_is_there() -> None:
    first = "import uvicorn.supervisors; assert uvicorn.supervisors.Multiprocess\n"
    told = run([sys.executable, "-c", WITHOUT + first + LATER])
    assert told.code == 0, told.errors


def test_one_that_is_loaded_already_stays_as_it_is() -> None:
    script = "import uvicorn; own = uvicorn.run; import sys, toolyard.servers.uvicorn_parts\n"
    told = run([sys.executable, "-c", script + LATER + "assert uvicorn.run is own"])
    assert told.code == 0, told.errors
