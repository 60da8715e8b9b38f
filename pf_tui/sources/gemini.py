"""Gemini CLI's chats: tmp/<project>/chats/session-*.jsonl.

A "gemini" line carries the request's tokens; `input` there includes cached ones, `thoughts` come on
top of `output`. Measured on 0.61.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pf_tui.sources.claude_code import _whole as whole
from pf_tui.sources.claude_code import milliseconds
from pf_tui.sources.sightings import Harvest, Sighting, identity
from pf_tui.state.paths import user_home

AGENT = "gemini"
NEEDLES = (b'"sessionId"', b'"tokens"')


def roots(env: Mapping[str, str]) -> Iterator[Path]:
    """~/.gemini/tmp."""
    base = user_home(env) / ".gemini" / "tmp"
    if base.is_dir():
        yield base


class Reader:
    """Reads one chat; the first line names the session."""

    def __init__(self, note: Mapping[str, Any]) -> None:
        self.session = str(note.get("session", ""))

    def note(self) -> dict[str, Any]:
        """What the next reading must know."""
        return {"session": self.session}

    def read_line(self, line: bytes, path: str, harvest: Harvest) -> None:
        """Take what one line holds. Raises ValueError when it is no JSON object."""
        row = json.loads(line.decode("utf-8", "replace"), strict=False)
        if not isinstance(row, dict):
            raise TypeError("not an object")
        if isinstance(row.get("sessionId"), str):
            self.session = row["sessionId"]
        patch = row.get("$set")
        messages = patch.get("messages") if isinstance(patch, dict) else None
        for message in [row, *(messages if isinstance(messages, list) else ())]:
            if isinstance(message, dict) and message.get("type") == "gemini":
                self._request(message, path, harvest)

    def _request(self, message: dict[str, Any], path: str, harvest: Harvest) -> None:
        tokens, ts = message.get("tokens"), milliseconds(message.get("timestamp"))
        if not isinstance(tokens, dict) or ts is None:
            return
        thoughts, cached = whole(tokens.get("thoughts")), whole(tokens.get("cached"))
        session = self.session or Path(path).stem
        harvest.add(
            Sighting(
                identity("gemini", session, str(message.get("id") or ts)),
                ts,
                session,
                project_of(path),
                str(message.get("model") or ""),
                max(0, whole(tokens.get("input")) + whole(tokens.get("tool")) - cached),
                whole(tokens.get("output")) + thoughts,
                thoughts,
                cached,
            )
        )


def project_of(path: str) -> str:
    """The project: by ~/.gemini/projects.json where it knows the folder's slug, else the slug."""
    parts = Path(path).parts
    slug = parts[parts.index("tmp") + 1] if "tmp" in parts[:-1] else Path(path).parent.name
    return _projects(str(Path(*parts[: parts.index("tmp")]) if "tmp" in parts else Path(path).parent)).get(
        slug, slug
    )


_known: dict[str, dict[str, str]] = {}


def _projects(base: str) -> dict[str, str]:
    """slug -> folder, read once per process."""
    if base not in _known:
        try:
            content = json.loads((Path(base) / "projects.json").read_bytes())
            table = content.get("projects", content)
            _known[base] = {str(slug): str(folder) for folder, slug in table.items() if isinstance(slug, str)}
        except (OSError, ValueError, AttributeError):
            _known[base] = {}
    return _known[base]
