"""The command line as a person meets it: words in, text and an exit code out."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui import __main__ as front
from pf_tui.cli import command_context
from pf_tui.records import replace
from pf_tui.state.context import Context
from pf_tui.state.paths import Paths

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEYS = {"OPENROUTER_API_KEY": "k-openrouter", "ANTHROPIC_API_KEY": "k-anthropic", "GROQ_API_KEY": "k-groq"}
"""Three providers that can serve."""


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error object on stderr."""
        told: dict[str, Any] = json.loads(self.err)["error"]
        return told

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Pf = Callable[..., Answer]


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal, or not."""

    def __init__(self, data: bytes = b"", *, tty: bool = False) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8", write_through=True)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    @property
    def text(self) -> str:
        self.flush()
        buffer: io.BytesIO = self.buffer  # type: ignore[assignment]
        return buffer.getvalue().decode("utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder commands run in: a git project."""
    folder = tmp_path / "work"
    (folder / ".git").mkdir(parents=True)
    return folder


@pytest.fixture
def pf(project: Path, monkeypatch: pytest.MonkeyPatch) -> Pf:
    """`pf("status", "--json")`: run the words in this process, at NOON, with three keys.

    Options: `stdin` (bytes), `now`, `width` (columns), `env` (added variables; None removes), `tty`.
    """
    real = command_context.here

    def run(
        *words: str,
        stdin: bytes = b"",
        now: datetime = NOON,
        width: int | None = 120,
        env: Mapping[str, str | None] | None = None,
        tty: bool = False,
        keys: bool = True,
    ) -> Answer:
        def here(folder: str | None = None, who: str = "cli") -> Context:
            return replace(real(folder, who), clock=lambda: now)

        out, err, given = Terminal(), Terminal(), Terminal(stdin, tty=tty)
        with monkeypatch.context() as patch:
            patch.chdir(project)
            patch.setattr(command_context, "here", here)
            for name, value in {**(KEYS if keys else {}), **(env or {})}.items():
                if value is None:
                    patch.delenv(name, raising=False)
                else:
                    patch.setenv(name, value)
            if width is None:
                patch.delenv("COLUMNS", raising=False)
            else:
                patch.setenv("COLUMNS", str(width))
            for name in ("FORCE_COLOR", "NO_COLOR"):
                patch.delenv(name, raising=False)
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(sys, "stdin", given)
            time.tzset()
            code = front.run(list(words))
        time.tzset()
        return Answer(code, out.text, err.text)

    return run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "person"


@pytest.fixture
def write(paths: Paths) -> Callable[[str, Any], Path]:
    """`write("config.json", {...} or "text")`: a file in the state directory."""

    def put(name: str, content: Any) -> Path:
        paths.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = paths.home / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
        return path

    return put


@dataclass(frozen=True)
class Turn:
    """One request of Claude Code, as its transcript has it."""

    at: datetime
    model: str = "claude-sonnet-5-5"
    input: int = 100
    output: int = 50
    cache_read: int = 1000
    cache_write: int = 200
    session: str = "5e551011-0000-4000-8000-000000000001"
    project: str = "/home/dev/shop"
    failed: str | None = None
    """The text of an API error instead of an answer."""


@pytest.fixture
def claude_code(home: Path) -> Callable[..., Path]:
    """`claude_code(Turn(at), …)`: append turns to their sessions' transcripts."""
    number = 0

    def log(*turns: Turn) -> Path:
        nonlocal number
        path = home
        for turn in turns:
            number += 1
            path = home / ".claude" / "projects" / turn.project.replace("/", "-") / f"{turn.session}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file:
                file.write(json.dumps(_row(turn, number), separators=(",", ":")) + "\n")
        return path

    return log


def _row(turn: Turn, number: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "type": "assistant",
        "sessionId": turn.session,
        "cwd": turn.project,
        "version": "2.1.330",
        "timestamp": turn.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "uuid": f"00000000-0000-4000-8000-{number:012}",
    }
    if turn.failed:
        return row | {
            "isApiErrorMessage": True,
            "error": "rate_limit",
            "message": {
                "id": f"err-{number}",
                "role": "assistant",
                "model": "<synthetic>",
                "content": [{"type": "text", "text": turn.failed}],
                "usage": {"input_tokens": 0, "output_tokens": 0},
            },
        }
    return row | {
        "requestId": f"req_{number:06}",
        "message": {
            "id": f"msg_{number:06}",
            "role": "assistant",
            "model": turn.model,
            "content": [],
            "stop_reason": "end_turn",
            "usage": {
                "input_tokens": turn.input,
                "output_tokens": turn.output,
                "cache_read_input_tokens": turn.cache_read,
                "cache_creation_input_tokens": turn.cache_write,
            },
        },
    }


@pytest.fixture
def used(pf: Pf, claude_code: Callable[..., Path], write: Callable[[str, Any], Path]) -> Pf:
    """A machine with history, a bench, a budget and a project of its own."""
    write(
        "providers.yaml",
        "providers:\n  - id: my-lab\n    name: My lab\n    base_url: http://127.0.0.1:9\n"
        "    protocols: [openai-chat]\n",
    )
    claude_code(
        Turn(NOON - timedelta(hours=1)),
        Turn(NOON - timedelta(days=2), model="claude-opus-5-5", project="/home/dev/lab"),
        Turn(
            NOON - timedelta(hours=30), model="nobody-knows-1", session="5e551011-0000-4000-8000-00000000000a"
        ),
        Turn(NOON - timedelta(hours=2), failed="You've hit your session limit · resets 3pm (UTC)"),
    )
    pf("switch", "groq")
    pf("bench", "openrouter", "--for", "30m")
    pf("limits", "set", "groq", "--daily", "1M", "--monthly-usd", "20")
    return pf
