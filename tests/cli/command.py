"""The command, run in the process of its test."""

import io
import sys
from dataclasses import dataclass

import pytest
from tests.support.process import Finished

from toolyard.cli.main import main


@dataclass(frozen=True, slots=True)
class Toolyard:
    """`toolyard(*words)` is what a shell would do with them, but quicker."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str, stdin: str = "") -> Finished:
        self.monkeypatch.setattr(sys, "argv", ["toolyard", *words])
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        told = self.capsys.readouterr()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Finished(code or 0, told.out, told.err)
