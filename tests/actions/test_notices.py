"""Notices without the dashboard: what is sent, to whom, and how often."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pf_tui import actions, snapshot
from pf_tui.actions import notices
from pf_tui.rules import failures
from pf_tui.rules.limits import Reading
from pf_tui.state import config
from pf_tui.state.context import Context
from tests import readings
from tests.actions.test_switching import NOON, Make
from tests.patience import eventually

KEYS = {"ANTHROPIC_API_KEY": "k", "OPENROUTER_API_KEY": "k", "DISPLAY": ":0"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of every desktop notice."""
    words: list[str] = []
    monkeypatch.setattr(notices, "_which", lambda name, path: f"/bin/{name}")
    monkeypatch.setattr(notices.sys, "platform", "linux")

    def keep(command: Sequence[str], env: object) -> None:
        words.append(command[-1])

    monkeypatch.setattr(notices, "send", keep)
    return words


def wishing(context: Make, now: Callable[[], datetime] | None = None, **wished: object) -> Context:
    ctx = context(env=KEYS, **({"now": now} if now else {}))
    actions.set_priority(ctx, ["anthropic-api", "openrouter"])
    config.change(ctx.paths, {"pf.notify": wished or {"desktop": True}})
    return ctx


def hit(ctx: Context, provider: str = "anthropic-api", *, minutes: int = 180, kind: str = "quota") -> None:
    failure = failures.reported(kind, until=ctx.now() + timedelta(minutes=minutes))
    actions.report_failure(ctx, provider, failure)


def reading(ctx: Context, percent: float, *, minutes: int = 60, source: str = "official") -> Reading:
    resets_at = ctx.now() + timedelta(minutes=minutes)
    return readings.reading(
        percent, provider="anthropic-api", at=ctx.now(), resets_at=resets_at, source=source
    )


def test_notices_are_off_by_default(context: Make, sent: list[str]) -> None:
    ctx = context(env=KEYS)
    hit(ctx)
    actions.note_readings(ctx, [reading(ctx, 90)])

    assert sent == []
    assert not ctx.paths.notices.exists()


def test_a_move_says_who_failed_until_when_and_who_serves(context: Make, sent: list[str]) -> None:
    hit(wishing(context))

    assert sent == ["anthropic-api hit its limit, back at 15:00 → openrouter"]


def test_a_limit_with_nobody_left_says_so(context: Make, sent: list[str]) -> None:
    ctx = wishing(context)
    hit(ctx)
    hit(ctx, "openrouter", minutes=60)

    assert sent[-1] == "openrouter hit its limit, back at 13:00; no provider available"


def test_a_return_is_told(context: Make, sent: list[str]) -> None:
    clock = [NOON]
    ctx = wishing(context, now=lambda: clock[0])
    hit(ctx)
    clock[0] += timedelta(hours=4)

    actions.note_return(ctx)

    assert sent[-1] == "anthropic-api serves again: its limit is over"


def test_a_window_past_the_threshold_is_told_once_until_it_resets(context: Make, sent: list[str]) -> None:
    clock = [NOON]
    ctx = wishing(context, now=lambda: clock[0])
    for percent, minute in ((70, 0), (80, 5), (85, 10)):
        clock[0] = NOON + timedelta(minutes=minute)
        actions.note_readings(ctx, [reading(ctx, percent, minutes=60 - minute)])
    clock[0] = NOON + timedelta(hours=4)
    actions.note_readings(ctx, [reading(ctx, 91, minutes=120)])

    assert sent == [
        "anthropic-api has used 80 % of the 5-hour window, resets at 13:00",
        "anthropic-api has used 91 % of the 5-hour window, resets at 18:00",
    ]


@pytest.mark.parametrize(
    ("minutes", "kind"), [pytest.param(1, "rate", id="short"), pytest.param(180, "auth", id="no-limit")]
)
def test_what_is_over_soon_or_no_limit_moves_nobody_silently(
    context: Make, sent: list[str], minutes: int, kind: str
) -> None:
    ctx = wishing(context, desktop=True, on=["limit"])
    hit(ctx, minutes=minutes, kind=kind)

    assert sent == []


def test_a_guess_warns_nobody(context: Make, sent: list[str]) -> None:
    ctx = wishing(context)
    actions.note_readings(ctx, [reading(ctx, 90, source="estimate")])

    assert sent == []


def test_a_notice_holds_no_secret_and_no_control_character(context: Make, sent: list[str]) -> None:
    ctx = wishing(context)
    notices._tell(ctx, "limit", "\x1b]0;x\x07 sk-ant-api03-" + "a" * 40, "anthropic-api", None)

    assert "sk-ant" not in sent[0]
    assert sent[0].isprintable()


@pytest.mark.parametrize(
    ("platform", "there", "expected"),
    [
        pytest.param(
            "linux", "notify-send", ["--app-name=pf-tui", "--", "pf-tui", "a &lt;b&gt;"], id="linux"
        ),
        pytest.param(
            "darwin", "terminal-notifier", ["-title", "pf-tui", "-message", " a <b>"], id="notifier"
        ),
        pytest.param("darwin", "osascript", ["--", "a <b>"], id="osascript"),
        pytest.param("linux", "", [], id="none"),
    ],
)
def test_words_reach_the_program_as_one_argument(platform: str, there: str, expected: list[str]) -> None:
    command = notices.desktop_words(
        "a <b>", {"DISPLAY": ":0"}, platform=platform, which=lambda name: name if name == there else None
    )

    assert list(command[len(command) - len(expected) :]) == expected
    assert bool(command) == bool(there)


def test_no_display_no_desktop_notice() -> None:
    assert notices.desktop_words("a", {}, platform="linux", which=lambda name: name) == ()


def test_a_folder_of_the_project_is_no_place_to_find_the_program(tmp_path: Path) -> None:
    program = tmp_path / "notify-send"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert notices._which("notify-send", f".:{tmp_path}") == str(program)
    assert notices._which("notify-send", os.path.relpath(tmp_path)) is None


def test_the_program_gets_no_credential_and_nobody_waits(tmp_path: Path) -> None:
    """The one real process: what it is given is what it writes down."""
    out = tmp_path / "out"
    program = tmp_path / "show"
    program.write_text(f'#!/bin/sh\n{{ env; echo "$@"; }} > {out}.part\nmv {out}.part {out}\n')
    program.chmod(0o755)

    notices.send([str(program), "hello"], {"PATH": os.defpath, "ANTHROPIC_API_KEY": "sk-secret"})

    eventually(out.exists, "the program has run")
    assert "hello" in out.read_text()
    assert "sk-secret" not in out.read_text()


def test_osc9_reaches_the_terminal_of_the_agent(
    context: Make, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = os.openpty()
    try:
        monkeypatch.setattr(notices, "_terminal", lambda env: os.ttyname(theirs))
        ctx = wishing(context, osc9=True).as_("hook")
        hit(ctx)

        assert os.read(ours, 1000) == (
            b"\x1b]9;pf-tui: anthropic-api hit its limit, back at 15:00 \xe2\x86\x92 openrouter\x07"
        )
    finally:
        os.close(ours)
        os.close(theirs)


def test_the_verb_goes_on_where_no_notice_can_be_sent(context: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError("no process left")

    monkeypatch.setattr(notices, "_which", lambda name, path: "/bin/true")
    monkeypatch.setattr(os, "posix_spawn", refuse)
    ctx = wishing(context)
    hit(ctx)

    assert snapshot.take(ctx).active is not None
