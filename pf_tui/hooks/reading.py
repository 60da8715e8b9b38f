"""What an agent sends on stdin, and the context it happens in.

One decoder for every hook: whatever of the event can be read is used, and what cannot is as if it were
missing. An event that is cut off, too large, too deep or half another encoding still says what it is about.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from pf_tui.errors import PfError
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

MAX_ID = 256
"""Letters of a name that we keep: a session's, a prompt's. Agents' have 36."""

MAX_TEXT = 16 * 1024
"""Letters of an error that are looked at; no reset stands further back."""

_IDS = frozenset(("session_id", "prompt_id", "thread-id", "turn-id", "agent_id"))


def event(stdin: bytes, max_bytes: int) -> dict[str, object]:
    """The event as an object: all of it, or the members before the place that cannot be read.

    Raises PfError, whose sentence quotes nothing of it, where there is no object at all.
    """
    text = _decoded(stdin[:max_bytes])
    if not text.strip():
        return {}
    try:
        content = _object_in(json.loads(text, strict=False, parse_constant=_nothing))
    except (ValueError, RecursionError) as error:
        content = _members(text[max(text.find("{"), 0) :])  # something may have spoken before
        if not content:
            raise PfError(_refusal(error, stdin, max_bytes)) from error
    if not isinstance(content, dict):
        raise PfError("the event is no JSON object")
    return {name: _identifier(value) if name in _IDS else value for name, value in content.items()}


def context(data: Mapping[str, object], env: Mapping[str, str]) -> Context:
    """The context of the project the agent works in. Raises PfError when no home directory is known."""
    cwd = text(data, "cwd")
    env = dict(env)  # a look at os.environ itself is decoded anew each time, and a hook looks 130 times
    return Context.here("hook", env=env, cwd=Path(cwd) if cwd and _is_path(cwd) else None)


def text(data: Mapping[str, object], name: str) -> str:
    """A text field; "" when it is missing or something else."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def words_in(data: Mapping[str, object], name: str) -> str:
    """The words of a field, also where a writer made an object, a list or a number of them."""
    return _flat(data.get(name), 0)[:MAX_TEXT]


def number(value: object) -> int | None:
    """A whole number, also as a text or with `.0`."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,15}\s*", value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _decoded(data: bytes) -> str:
    """UTF-8, UTF-16 or UTF-32 with or without a mark; what is none becomes replacement characters."""
    return data.decode(json.detect_encoding(data), "replace")


def _object_in(content: object) -> object:
    """The event itself, where a writer put it into a list or wrote it as a text."""
    if isinstance(content, list):
        return next((item for item in content if isinstance(item, dict)), content)
    if isinstance(content, str) and content.lstrip().startswith("{"):
        return json.loads(content, strict=False, parse_constant=_nothing)
    return content


def _nothing(_: str) -> None:
    """NaN and Infinity are no numbers."""


def _members(text: str) -> dict[str, object]:
    """The members of the object that `text` begins with, up to the first that is broken or cut off.

    One that is nested too deeply, or holds a number too long to be one, is skipped.
    """
    decoder = json.JSONDecoder(strict=False, parse_constant=_nothing)
    members: dict[str, object] = {}
    offset = _skip_blank(text, 0)
    if text[offset : offset + 1] != "{":
        return members
    offset += 1
    while True:
        try:
            name, offset = decoder.raw_decode(text, _skip_blank(text, offset))
        except (ValueError, RecursionError):
            return members
        offset = _skip_blank(text, offset)
        if not isinstance(name, str) or text[offset : offset + 1] != ":":
            return members
        start = _skip_blank(text, offset + 1)
        try:
            members[name], offset = decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            return members
        except (ValueError, RecursionError):
            offset = _end_of_value(text, start)
        offset = _skip_blank(text, offset)
        if text[offset : offset + 1] != ",":
            return members
        offset += 1


def _skip_blank(text: str, offset: int) -> int:
    while text[offset : offset + 1] in (" ", "\t", "\r", "\n"):
        offset += 1
    return offset


def _end_of_value(text: str, start: int) -> int:
    """Where the value that begins at `start` ends, by its brackets and quotes alone."""
    depth = 0
    for token in re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]|,', re.DOTALL).finditer(text, start):
        mark = token[0]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
            if depth < 0:
                return token.start()
            if depth == 0:
                return token.end()
        elif mark == "," and depth == 0:
            return token.start()
    return len(text)


def _refusal(error: Exception, stdin: bytes, max_bytes: int) -> str:
    if len(stdin) > max_bytes:
        return f"the event has more than {max_bytes // 1_048_576} MB; it was not read"
    if isinstance(error, json.JSONDecodeError):
        return f"the event is not JSON (line {error.lineno} column {error.colno})"
    return "the event is nested too deeply" if isinstance(error, RecursionError) else "the event is not JSON"


def _identifier(value: object) -> object:
    """A name as short and printable as it is kept; a number is a name too."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        return str(value)
    if not isinstance(value, str):
        return value
    return "".join(letter for letter in value[:MAX_ID] if letter.isprintable())


def _is_path(cwd: str) -> bool:
    """The system would take it as a path, whether or not there is something at it."""
    try:
        os.stat(cwd)  # noqa: PTH116 - Path.stat raises the same, 20 µs later
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):  # too long, NUL or half a letter in it, a loop, or no permission
        return False
    return True


def _flat(value: object, depth: int) -> str:
    """All words in a value, in their order; four levels of it, twenty members of each."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.15g}" if isinstance(value, float) else str(value) if abs(value) < 1 << 63 else ""
    if depth == 4:
        return ""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return " ".join(words for part in inner[:20] if (words := _flat(part, depth + 1)))
