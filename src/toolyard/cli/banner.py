"""What a started server shows: where it is, its token, and lines to paste into a host."""

from __future__ import annotations

from pydantic import SecretStr
from rich.panel import Panel
from rich.text import Text

from toolyard.cli.hosting import TOKEN_VARIABLE
from toolyard.cli.terminal import OUT, write_json
from toolyard.config.hosts import HOSTS, HostEntry
from toolyard.config.settings import Settings


def with_new_token(settings: Settings) -> tuple[str, Settings]:
    """A fresh token, and the settings that accept it."""
    from toolyard.wiring.tokens import new_token

    secret, _ = new_token("new", ("*",))
    return secret, settings.model_copy(update={"token": [*settings.token, SecretStr(secret)]})


class Banner:
    """Shown once, when the server accepts calls."""

    def __init__(self, settings: Settings, secret: str | None, *, as_json: bool) -> None:
        self._settings = settings
        self._secret = secret
        self._as_json = as_json

    def show(self, url: str) -> None:
        """Say where the server is; the token only if it was made for this run."""
        if self._as_json:
            write_json({"url": url, "token": self._secret})
            return
        OUT.print(Panel(self._text(url), title=f"toolyard: {self._settings.name}", expand=False))

    def _text(self, url: str) -> Text:
        guarded = bool(self._settings.token or self._settings.tokens or self._settings.token_file)
        text = Text()
        text.append("URL    ", style="dim").append(f"{url}\n", style="bold")
        tools = ", ".join(name for name, tool in self._settings.tools.items() if tool.enabled)
        text.append("Tools  ", style="dim").append(f"{tools}\n")
        if self._secret is not None:
            text.append("Token  ", style="dim").append(f"{self._secret}\n", style="bold")
            text.append(f"\nexport {TOKEN_VARIABLE}={self._secret}\n")
        option = f" --token ${TOKEN_VARIABLE}" if guarded else ""
        text.append("\nTry it\n", style="dim").append(f"  toolyard tools {url}{option}\n")
        text.append("\nPaste into Claude Code\n", style="dim")
        name = "".join(c if c.isalnum() else "-" for c in self._settings.name)[:32]
        entry = HostEntry(name, url=url, token_env=TOKEN_VARIABLE if guarded else None)
        text.append(f"  {HOSTS['claude-code'](entry).notes[0].removeprefix('Or run: ')}\n")
        text.append("\nOther hosts\n", style="dim")
        auth = "" if guarded else " --no-token"
        return text.append(f"  toolyard host-config cursor {url}{auth}    (or vscode)")
