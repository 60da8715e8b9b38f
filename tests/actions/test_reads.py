"""How often a failure and a switch read the shared files: hooks pay for each of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from pf_tui import actions, hooks, snapshot
from pf_tui.actions import install
from pf_tui.state import files
from pf_tui.state.context import Context

KEYS = {
    "ANTHROPIC_API_KEY": "key-of-anthropic-0123456789",
    "OPENROUTER_API_KEY": "key-of-openrouter-0123456789",
    "ZAI_API_KEY": "key-of-zai-0123456789",
}


class Reads:
    """Existing files read as text or JSON, and snapshots taken."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: Counter[str] = Counter()
        self.snapshots = 0
        read_text, load = files.read_text, snapshot.load

        def counted_read(path: Path, *args: int) -> str | None:
            if path.exists():
                self.files[path.name] += 1
            return read_text(path, *args)

        def counted_load(ctx: Context, *, keep_going: bool = False) -> snapshot.StateFiles:
            self.snapshots += 1
            return load(ctx, keep_going=keep_going)

        monkeypatch.setattr(files, "read_text", counted_read)
        monkeypatch.setattr(snapshot, "load", counted_load)


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    home = tmp_path / "person"
    (home / ".claude").mkdir(parents=True)
    context = Context.here("cli", env={"HOME": str(home), **KEYS}, cwd=home)
    actions.set_priority(context, ["anthropic-api", "openrouter", "zai-coding-plan"])
    install.install(context, "claude-code")
    return Context.here("cli", env=context.env, cwd=home)


def test_a_failed_turn_takes_one_snapshot(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"session_id": "s", "cwd": str(ctx.cwd), "error": "rate_limit", "error_details": "429 limited"}
    reads = Reads(monkeypatch)

    hooks.run("claude-code", "StopFailure", json.dumps(event).encode(), ctx.env)

    assert ctx.health().benches
    assert reads.snapshots == 1
    assert sum(reads.files.values()) <= 8, reads.files


def test_a_switch_takes_one_snapshot(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = Reads(monkeypatch)

    actions.switch(ctx, "zai-coding-plan")

    assert reads.snapshots == 1
    assert sum(reads.files.values()) <= 6, reads.files
