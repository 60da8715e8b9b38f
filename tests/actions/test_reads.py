"""How often a failure and a switch read the shared files: hooks pay for each of them."""

from __future__ import annotations

import builtins
import io
import json
import os
import stat
from collections import Counter
from pathlib import Path
from typing import Any  # Any: what open takes

import pytest

from pf_tui import actions, hooks, snapshot
from pf_tui.actions import install
from pf_tui.state.context import Context

KEYS = {
    "ANTHROPIC_API_KEY": "key-of-anthropic-0123456789",
    "OPENROUTER_API_KEY": "key-of-openrouter-0123456789",
    "ZAI_API_KEY": "key-of-zai-0123456789",
}


class Reads:
    """Files opened to be read, by whatever way, and snapshots taken."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: Counter[str] = Counter()
        self.snapshots = 0
        open_handle, open_file, load = os.open, io.open, snapshot.load

        def counted_handle(path: Any, flags: int, *args: Any, **options: Any) -> int:
            handle = open_handle(path, flags, *args, **options)
            if flags & os.O_ACCMODE == os.O_RDONLY and stat.S_ISREG(os.fstat(handle).st_mode):
                self.files[Path(path).name] += 1
            return handle

        def counted_file(path: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
            file = open_file(path, mode, *args, **options)
            if isinstance(path, str | Path) and "r" in mode:
                self.files[Path(path).name] += 1
            return file

        def counted_load(ctx: Context, *, keep_going: bool = False) -> snapshot.StateFiles:
            self.snapshots += 1
            return load(ctx, keep_going=keep_going)

        monkeypatch.setattr(os, "open", counted_handle)
        monkeypatch.setattr(io, "open", counted_file)
        monkeypatch.setattr(builtins, "open", counted_file)
        monkeypatch.setattr(snapshot, "load", counted_load)


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    home = tmp_path / "person"
    (home / ".claude").mkdir(parents=True)
    (home / "code").mkdir()
    context = Context.here("cli", env={"HOME": str(home), **KEYS}, cwd=home)
    actions.set_priority(context, ["anthropic-api", "openrouter", "zai-coding-plan"])
    install.install(context, "claude-code")
    return Context.here("cli", env=context.env, cwd=home / "code")


def test_a_failed_turn_takes_one_snapshot(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"session_id": "s", "cwd": str(ctx.cwd), "error": "rate_limit", "error_details": "429 limited"}
    reads = Reads(monkeypatch)

    hooks.run("claude-code", "StopFailure", json.dumps(event).encode(), ctx.env)

    assert reads.snapshots == 1
    assert sum(reads.files.values()) <= 8, reads.files
    assert Context.here("cli", env=ctx.env, cwd=ctx.cwd).health().benches


def test_a_switch_takes_one_snapshot(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = Reads(monkeypatch)

    actions.switch(ctx, "zai-coding-plan")

    assert reads.snapshots == 1
    assert sum(reads.files.values()) <= 6, reads.files


def test_a_change_of_the_settings_is_not_read_again(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx.change_config({"providerPriority": ["zai-coding-plan"], "pf.usageLimits.zai-coding-plan.dailyUsd": 2})
    reads = Reads(monkeypatch)

    settings = ctx.config()

    assert reads.files["config.json"] == 0
    assert settings == Context.here("cli", env=ctx.env, cwd=ctx.cwd).config()
    assert settings.priority == ("zai-coding-plan",)
