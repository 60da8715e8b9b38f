"""Gemini CLI's chats: tmp/<project>/chats/session-*.jsonl, in older versions one session-*.json.

A "gemini" message carries the request's tokens; `input` there includes cached ones, `thoughts` come on
top of `output`. Patches (`$set`) repeat messages as they stand. Measured on 0.61.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from pf_tui import regular_files
from pf_tui.ingest.coerce import has_count, milliseconds, whole
from pf_tui.ingest.observed import LoggedRequest, ParsedLogs, UnusableRowError
from pf_tui.ledger.request_id import identity
from pf_tui.ledger.unread import UNKNOWN_SHAPE
from pf_tui.state.paths import config_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

AGENT: AgentId = "gemini"
NEEDLES = (b'"sessionId"', b'"tokens"')
SUFFIXES = (".jsonl", ".json")


def roots(env: Mapping[str, str]) -> Iterator[Path]:
    """~/.gemini/tmp."""
    base = config_folder(AGENT, env) / "tmp"
    if base.is_dir():
        yield base


class Reader:
    """Reads one chat; the first line names the session."""

    def __init__(self, note: Mapping[str, object]) -> None:
        self.session = str(note.get("session", ""))

    def note(self) -> dict[str, object]:
        """What the next reading must know."""
        return {"session": self.session}

    def read_line(self, line: bytes, path: str, logs: ParsedLogs) -> None:
        """Take what one line, or one older file, holds. Raises ValueError or TypeError when it is no JSON object."""
        row = json.loads(line)
        if not isinstance(row, dict):
            raise TypeError("not an object")
        if isinstance(row.get("sessionId"), str):
            self.session = row["sessionId"]
        patch = row.get("$set")
        several = row.get("messages") or (patch.get("messages") if isinstance(patch, dict) else None)
        for message in [row, *(several if isinstance(several, list) else ())]:
            if isinstance(message, dict) and message.get("type") == "gemini":
                self._request(message, path, logs)

    def _request(self, message: dict[str, object], path: str, logs: ParsedLogs) -> None:
        tokens, ts = message.get("tokens"), milliseconds(message.get("timestamp"))
        if not isinstance(tokens, dict):
            return
        if tokens and not has_count(tokens, ("input", "output")):
            raise UnusableRowError(UNKNOWN_SHAPE)
        if ts is None:
            raise UnusableRowError("has no time that can be read")
        thoughts, cached = whole(tokens.get("thoughts")), whole(tokens.get("cached"))
        input_total = whole(tokens.get("input")) + whole(tokens.get("tool"))
        session = self.session or Path(path).stem
        mid = message.get("id")
        logs.add(
            LoggedRequest(
                # a message keeps its id when a session is resumed into a new file
                identity("gemini", mid)
                if isinstance(mid, str) and mid
                else identity("gemini", session, str(ts)),
                ts,
                session,
                project_of(path),
                str(message.get("model") or ""),
                max(0, input_total - cached),
                whole(tokens.get("output")) + thoughts,
                thoughts,
                min(cached, input_total),
                message_id=mid if isinstance(mid, str) else None,
            )
        )


def project_of(path: str) -> str:
    """The project: by ~/.gemini/projects.json where it knows the folder's slug, else the slug."""
    before, marker, after = path.replace("\\", "/").rpartition("/.gemini/tmp/")
    if not marker:
        return Path(path).parent.parent.name
    slug = after.split("/", 1)[0]
    return _projects(f"{before}/.gemini").get(slug, slug)


@lru_cache(maxsize=8)
def _projects(base: str) -> dict[str, str]:
    """slug -> folder, read once per process."""
    try:
        content = json.loads(regular_files.read_regular(Path(base) / "projects.json"))
        table = content.get("projects", content)
        return {str(slug): str(folder) for folder, slug in table.items() if isinstance(slug, str)}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
