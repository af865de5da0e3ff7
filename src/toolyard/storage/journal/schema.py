"""The tables of a journal, the same in every database but for the type of a row's number."""

from __future__ import annotations

RUN_COLUMNS = (
    "run_id, name, task, state, owner, fence, lease_until, forked_from, forked_at_step, result,"
    " error, created_at, updated_at"
)
STEP_COLUMNS = (
    "seq, path, name, n, kind, input_hash, input, state, output, attempts, is_flagged, begun_at,"
    " ended_at"
)


def tables(sequence: str, real: str) -> tuple[str, ...]:
    """The statements that make them.

    Args:
        sequence: The type of a number that grows with each row.
        real: The type of a time.
    """
    return (
        "CREATE TABLE runs(run_id TEXT PRIMARY KEY, name TEXT NOT NULL, task TEXT NOT NULL,"
        " state TEXT NOT NULL, owner TEXT, fence INTEGER NOT NULL,"
        f" lease_until {real}, forked_from TEXT, forked_at_step BIGINT, result TEXT, error TEXT,"
        f" created_at {real} NOT NULL, updated_at {real} NOT NULL)",
        "CREATE INDEX runs_by_age ON runs(created_at, run_id)",
        f"CREATE TABLE steps(seq {sequence}, run_id TEXT NOT NULL, path TEXT NOT NULL,"
        " name TEXT NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL, input_hash TEXT NOT NULL,"
        " input TEXT NOT NULL, state TEXT NOT NULL, output TEXT, attempts INTEGER NOT NULL,"
        f" is_flagged INTEGER NOT NULL, begun_at {real} NOT NULL, ended_at {real},"
        " UNIQUE (run_id, path, name, n))",
        "CREATE INDEX steps_in_order ON steps(run_id, seq)",
    )
