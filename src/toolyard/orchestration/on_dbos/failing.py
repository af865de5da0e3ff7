"""Why a member or a run failed, as a text that DBOS keeps."""

from __future__ import annotations

import json

from toolyard.core.errors import ConfigError, RunDiverged, ToolError, ToolyardError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.orchestration.workflow_run import sentence
from toolyard.storage.journal.failure import error_of, kept

_OURS: dict[str, type[ToolyardError]] = {
    kind.code: kind for kind in (ConfigError, RunDiverged, WorkflowError)
}
"""What a journal keeps nothing of: it is no step that fails so, but what is made of them."""


def error_text(error: Exception) -> str:
    """`error` as it is kept; of a bug only its kind."""
    text = kept(error)
    if text is None and isinstance(error, ToolyardError) and error.code in _OURS:
        text = json.dumps({"code": error.code, "message": str(error)})
    return text or kept(ToolError(sentence(error))) or ""


def failure_of(text: str) -> ToolyardError:
    """The error that `error_text` wrote."""
    try:
        said = json.loads(text)
    except ValueError:  # DBOS itself gave it up
        return ToolError("DBOS has given up that work; its log says why.")
    ours = _OURS.get(said["code"])
    return error_of(text) if ours is None else ours(said["message"])
