"""Where conversations are kept: in a store by key, or in a folder, a file for each."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp
from typing import Protocol

from anyio import to_thread

from toolyard.core.errors import StoreError
from toolyard.llm.chat_model import ChatModel
from toolyard.llm.session import LLMSession
from toolyard.llm.session_json import session_json, session_of
from toolyard.storage.store import Store

PREFIX = "session/"
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")
_LONGEST_NAME = 120
_SUFFIX = ".json"


class SessionStore(Protocol):
    """Keeps conversations by the ids that whoever uses it gives them."""

    async def save(self, session_id: str, session: LLMSession) -> None:
        """Keep `session` as it is now, in place of what was kept by that id.

        Raises:
            StoreError: It cannot be kept; what was kept before still is.
        """
        ...

    async def load(self, session_id: str, model: ChatModel) -> LLMSession | None:
        """The session as it was saved last, to be gone on with by `model`; `None` if never.

        Raises:
            StoreError: What is kept there is no session, or cannot be read.
        """
        ...

    async def delete(self, session_id: str) -> bool:
        """Keep it no longer; whether it was kept."""
        ...


class StoredSessions:
    """Keeps sessions in a key-value `store`: in this process, in SQLite or in Redis.

    Whoever made the store enters and leaves it. A session must fit into one of its values.
    """

    def __init__(self, store: Store, *, ttl_s: float | None = None) -> None:
        """As described.

        Args:
            store: Entered before it is used.
            ttl_s: Seconds after which a session that is not saved again is forgotten.
        """
        self._store = store
        self._ttl_s = ttl_s

    async def save(self, session_id: str, session: LLMSession) -> None:
        """As `SessionStore.save`."""
        await self._store.put(PREFIX + session_id, session_json(session), ttl_s=self._ttl_s)

    async def load(self, session_id: str, model: ChatModel) -> LLMSession | None:
        """As `SessionStore.load`."""
        entry = await self._store.get(PREFIX + session_id)
        return None if entry is None else session_of(entry.value, model)

    async def delete(self, session_id: str) -> bool:
        """As `SessionStore.delete`."""
        return await self._store.delete(PREFIX + session_id)

    async def ids(self) -> AsyncGenerator[str, None]:
        """The ids of all sessions that are kept, in order."""
        after: str | None = ""
        while after is not None:
            page = await self._store.list_keys(PREFIX, after=after)
            for each in page.keys:
                yield each.key.removeprefix(PREFIX)
            after = page.cursor


class FileSessions:
    """Keeps each session in a JSON file of `folder`, which only its owner can read.

    A file is replaced as a whole: whoever reads meanwhile, or after a crash, finds the old or the
    new one. Whatever an id holds, its file is in the folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    async def save(self, session_id: str, session: LLMSession) -> None:
        """As `SessionStore.save`."""
        await to_thread.run_sync(self._write, self.path(session_id), session_json(session))

    async def load(self, session_id: str, model: ChatModel) -> LLMSession | None:
        """As `SessionStore.load`."""
        text = await to_thread.run_sync(self._read, self.path(session_id))
        return None if text is None else session_of(text, model)

    async def delete(self, session_id: str) -> bool:
        """As `SessionStore.delete`."""
        return await to_thread.run_sync(self._delete, self.path(session_id))

    def path(self, session_id: str) -> Path:
        """The file of `session_id`: its letters, all others than a-z, 0-9, _ and - by their code.

        Raises:
            StoreError: It is empty, or no text.
        """
        try:
            plain = "".join(map(_letter, session_id))
        except UnicodeEncodeError:
            plain = ""
        if not plain:
            raise StoreError("A session needs an id of at least one character.")
        if len(plain) > _LONGEST_NAME:
            digest = sha256(session_id.encode()).hexdigest()
            plain = f"{plain[: _LONGEST_NAME - len(digest) - 1]}-{digest}"
        return self._folder / (plain + _SUFFIX)

    def _write(self, path: Path, text: str) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "w") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(handle)
                Path(name).replace(path)
            except BaseException:  # whatever ends it, nothing half written stays
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise StoreError(_cannot("be written", error)) from error

    def _read(self, path: Path) -> str | None:
        try:
            return path.read_text()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(_cannot("be read", error)) from error

    def _delete(self, path: Path) -> bool:
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(_cannot("be deleted", error)) from error
        return True


def _letter(letter: str) -> str:
    return letter if letter in _PLAIN else "".join(f"%{byte:02x}" for byte in letter.encode())


def _cannot(what: str, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else "it is no text"
    return f"The file of the session cannot {what}: {reason}."
