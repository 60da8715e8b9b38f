"""The command line's words, run and completed in a process of their own. Knows no toolkit."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Sequence

from pf_tui import called
from pf_tui.documents import commands
from pf_tui.records import record
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context

TIMEOUT_S = 120.0
"""`prices update` and `doctor` ask other machines; nothing takes longer."""

COMPLETION_TIMEOUT_S = 5.0

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07")
_ELSEWHERE = ("run", "mcp", "serve", "hook", "statusline", "completion", "reset-terminal")
"""Words that need a terminal or a program of their own."""

_OWN_WORDS = {
    "q": "quit-now",
    "quit": "quit-now",
    "exit": "quit-now",
    "help": "help",
    "undo": "undo",
    "redo": "redo",
    "ingest": "ingest",
    "why": "why",
}


@record
class CommandResult:
    """What a command printed, and its exit code."""

    code: int
    lines: tuple[str, ...]


@record
class Completion:
    """One completion."""

    value: str
    does: str = ""


def own_action(words: Sequence[str], now: Snapshot) -> str | None:
    """The dashboard's own action for these words: `switch openrouter`, `theme pf-light`, `q`."""
    first, rest = words[0], list(words[1:])
    if not rest:
        return _OWN_WORDS.get(first)
    if first == "switch" and len(rest) == 1:
        return (
            "next" if rest[0] == "next" else f"switch {rest[0]}" if rest[0] in now.catalog.providers else None
        )
    if first == "theme" and len(rest) == 1:
        return f"theme {rest[0]}"
    if first == "auth" and rest[0] in ("set", "check", "remove") and len(rest) == 2:
        return f"credential {rest[1]}" if rest[1] in now.catalog.providers else None
    return None


def refusal(words: Sequence[str]) -> str:
    """Why these words cannot run here; "" when they can."""
    if words[0] in _ELSEWHERE or words[:2] == ["gateway", "run"]:
        return f"`{called.name_here()} {' '.join(words)}` needs a terminal of its own"
    if words[0] == "events" and {"-f", "--follow"} & set(words):
        return "the events pane follows by itself: 0"
    return ""


def run(ctx: Context, words: Sequence[str], width: int) -> CommandResult:
    """Run `pf-tui words…` and wait; what it says on either stream, without colours."""
    env = _environment(ctx) | {"COLUMNS": str(width), "NO_COLOR": "1"}
    try:
        process = subprocess.run(
            [sys.executable, "-P", "-m", "pf_tui", *words],
            env=env,
            cwd=ctx.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return CommandResult(
            code=1, lines=(f"pf-tui {' '.join(words)} took longer than {TIMEOUT_S:.0f} s and was stopped",)
        )
    except OSError as error:
        return CommandResult(code=1, lines=(f"pf-tui could not be started ({error.strerror})",))
    text = _ESCAPES.sub("", process.stdout.decode("utf-8", "replace")).expandtabs()
    return CommandResult(
        code=process.returncode, lines=tuple(text.rstrip("\n").split("\n")) if text.strip() else ()
    )


def first_words(text: str) -> tuple[Completion, ...]:
    """The words that begin so, from the command table."""
    own = (Completion(value="theme", does="Choose the colours"), Completion(value="q", does="Quit"))
    table = [Completion(value=command.name, does=command.summary) for command in commands.top_level()]
    return tuple(
        offer for offer in (*table, *own) if offer.value.startswith(text) and offer.value not in _ELSEWHERE
    )


def completions(ctx: Context, text: str) -> tuple[Completion, ...]:
    """What the command line itself offers for the last word."""
    words = ["pf-tui", *text.split()]
    word_index = len(words) if text.endswith(" ") else len(words) - 1
    env = _environment(ctx) | {
        "_PF_TUI_COMPLETE": "zsh_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(word_index),
    }
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        process = subprocess.run(
            [sys.executable, "-P", "-m", "pf_tui"],
            env=env,
            cwd=ctx.cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMPLETION_TIMEOUT_S,
            check=False,
        )
        lines = process.stdout.decode("utf-8", "replace").split("\n")
        return tuple(
            Completion(value=value, does="" if does == "_" else does)
            for kind, value, does in zip(lines[::3], lines[1::3], lines[2::3], strict=False)
            if kind == "plain"
        )
    return ()


def last_word(text: str) -> str:
    """The word that is being typed; "" after a blank."""
    return text.rpartition(" ")[2]


def shared_start(values: Sequence[str]) -> str:
    """The longest beginning that all have."""
    for end, letters in enumerate(zip(*values, strict=False)):
        if len(set(letters)) > 1:
            return values[0][:end]
    return min(values, key=len, default="")


def _environment(ctx: Context) -> dict[str, str]:
    return {**ctx.env, "PROVIDER_FALLBACK_HOME": str(ctx.paths.home)}
