"""The home of the person of the demo: settings, keys that open nothing, a month behind them.

Everything is written by the rooms that own the files: config, credentials, the verbs with a clock that
stands in the past, the ledger's writers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from pf_tui import actions
from pf_tui.actions.journalling import write_down
from pf_tui.demo import history, scenario, story
from pf_tui.demo.history import History
from pf_tui.demo.ledger_rows import LedgerRows
from pf_tui.ledger import layout, reader, schema
from pf_tui.records import replace
from pf_tui.rules import failures
from pf_tui.rules.limits import Reading
from pf_tui.state import config, credentials
from pf_tui.state.context import Context
from pf_tui.state.paths import locate
from pf_tui.state.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import ReadingSource, WindowName

MARK = ".pf-tui-demo"
"""The file that says a folder is a demo's home: nothing without it is ever deleted."""

_NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
"""The demo's way out: nobody listens on the discard port. A key tried there is never sent anywhere."""

HELLO = "made-up data, nothing of yours is touched; in a moment a limit is hit"
"""The newest event when the demo begins: it stands in the dashboard's last line."""

_PROMOTED = "zai-coding-plan"
"""The provider the person moved up yesterday; undo shows where it was."""

_PASSED_ON = (
    "COLORFGBG", "COLORTERM", "FORCE_COLOR", "LANG", "LANGUAGE", "LOGNAME", "NO_COLOR", "PATH", "SHELL",
    "SSH_CONNECTION", "SSH_TTY", "STY", "SYSTEMROOT", "TERM", "TERMINFO", "TERMINFO_DIRS", "TERM_PROGRAM",
    "TMPDIR", "TMUX", "TMUX_PANE", "TZ", "USER", "VIRTUAL_ENV",
)  # fmt: skip
_PASSED_ON_BEGINS = ("LC_", "PYTHON", "TEXTUAL", "COVERAGE")
"""What the demo takes over from the person's environment: terminal, language, Python; no key is named so."""


def environment(folder: Path, outside: Mapping[str, str]) -> dict[str, str]:
    """The environment of the demo: its own home, no key, no keyring, no network."""
    variables = {
        name: value
        for name, value in outside.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_BEGINS)
    }
    return {
        **variables,
        **scenario.IN_ENVIRONMENT,
        **_NO_NETWORK,
        "no_proxy": "127.0.0.1,localhost,::1",
        "HOME": str(folder),
        "PROVIDER_FALLBACK_HOME": str(folder / ".opencode" / "provider-fallback"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


def context(folder: Path, env: Mapping[str, str]) -> Context:
    """The dashboard's context in the demo's home, in its first project."""
    return Context(paths=locate(env), env=env, cwd=folder / "code" / scenario.PROJECTS[0], who="tui")


def prepare(ctx: Context, folder: Path, seed: int) -> None:
    """Fill an empty folder. The readings put the first provider's reset where the story wants it."""
    (folder / MARK).touch()
    for project in scenario.PROJECTS:
        (folder / "code" / project / ".git").mkdir(parents=True)
    _sign_in(ctx, folder)
    config.change(
        ctx.paths,
        {
            "defaultModel": scenario.MODEL,
            "providerPriority": sorted(scenario.PRIORITY, key=_before_the_move),
            "autoSwitch": True,
            "notifyOnSwitch": True,
            "usageLimits.anthropic-api.dailyTokens": 4_000_000,
            "pf.usageLimits.openrouter.dailyUsd": 25,
            "pf.usageLimits.deepseek-api.monthlyUsd": 10,
            "pf.gateway.passThrough": True,  # else a plan's requests would not be in flight here
        },
    )
    now = ctx.now()
    past = history.make(now, ctx.timezone(), seed)
    _remember(ctx, past, now)
    connection = schema.connect(ctx.paths.ledger)
    try:
        LedgerRows(connection, ctx.catalog(), str(folder)).enter(past.requests)
        _note_limit_hits(ctx, past)
        reader.limit_readings(ctx.paths.ledger, readings(now))
    finally:
        connection.close()


def readings(now: datetime) -> list[Reading]:
    """What the windows were last seen at, with the last hours behind the first one."""

    def reading_of(
        provider: str,
        window: WindowName,
        percent: float,
        resets: timedelta,
        *,
        ago: timedelta = timedelta(minutes=2),
        source: ReadingSource = "official",
        model: str | None = None,
    ) -> Reading:
        return Reading(
            provider=provider,
            window=window,
            unit="percent",
            used=percent,
            limit=100,
            resets_at=now + resets,
            source=source,
            observed_at=now - ago,
            model=model,
        )

    reset = timedelta(seconds=story.FIRST_BACK_S + 2)
    first, second = scenario.PRIORITY[0], scenario.PRIORITY[4]
    rising = [
        reading_of(
            first, "5h", round(70 * (1 - minutes / 300) ** 1.4, 1), reset, ago=timedelta(minutes=minutes)
        )
        for minutes in range(288, 0, -12)
    ]
    third = [  # at this pace it is empty before it begins anew
        reading_of(
            "zai-coding-plan",
            "5h",
            percent,
            timedelta(hours=4, minutes=2),
            ago=timedelta(minutes=ago),
            source="header",
        )
        for ago, percent in ((52, 2), (45, 5), (38, 9), (30, 12), (21, 19), (14, 22), (8, 27), (2, 31))
    ]
    week = [
        reading_of(first, "7d", percent, timedelta(days=2, hours=19), ago=timedelta(hours=ago))
        for ago, percent in ((92, 4), (80, 11), (69, 14), (54, 21), (44, 27), (31, 29), (20, 35), (6, 39))
    ]
    return [
        *rising,
        *third,
        *week,
        reading_of(first, "7d", 41, timedelta(days=2, hours=19)),
        reading_of(first, "7d", 52, timedelta(days=2, hours=19), model="opus"),
        reading_of(
            second, "5h", 100, timedelta(hours=2, minutes=18), ago=timedelta(minutes=31), source="rollout"
        ),
        reading_of(second, "7d", 58, timedelta(days=4, hours=3), ago=timedelta(minutes=31), source="rollout"),
    ]


def _sign_in(ctx: Context, folder: Path) -> None:
    """Logins of agents and keys in auth.json, all of them words."""
    expires = layout.milliseconds(ctx.now() + timedelta(hours=6))
    logins = {
        ".claude/.credentials.json": {
            "claudeAiOauth": {"accessToken": scenario.NO_KEY, "expiresAt": expires}
        },
        ".codex/auth.json": {"tokens": {"access_token": scenario.NO_KEY}},
    }
    for name, content in logins.items():
        path = folder / name
        path.parent.mkdir(mode=0o700)
        path.touch(mode=0o600)
        path.write_text(json.dumps(content), encoding="utf-8")
    catalog = ctx.catalog()
    for provider in scenario.IN_AUTH_JSON:
        credentials.store_in_file(ctx.paths, catalog.provider(provider), Secret(scenario.NO_KEY), ctx.now())


def _remember(ctx: Context, past: History, now: datetime) -> None:
    """The last days' events, by the verbs themselves at the moment they happened."""

    def then(moment: datetime, who: str) -> Context:
        return replace(ctx, clock=lambda: moment, who=who)

    limit_hits = [
        limit_hit for limit_hit in past.limit_hits[-2:] if limit_hit.work.provider == scenario.PRIORITY[0]
    ]
    settled = min(
        [now - timedelta(hours=26), *(limit_hit.at - timedelta(hours=1) for limit_hit in limit_hits)]
    )
    actions.move_in_priority(then(settled, "tui"), _PROMOTED, scenario.PRIORITY.index(_PROMOTED) + 1)
    actions.set_budgets(then(settled + timedelta(minutes=3), "cli"), "openrouter", {"daily_usd": 20.0})
    project_ctx = replace(
        then(settled + timedelta(minutes=4), "cli"), cwd=ctx.cwd.parent / scenario.ON_PLAN_ALONE
    )
    actions.set_priority(project_ctx, scenario.PRIORITY[:1], in_project=True)
    for limit_hit in limit_hits:
        evidence = {"status": 429, "header": "anthropic-ratelimit-unified-status: rejected"}
        actions.report_failure(
            then(limit_hit.at, "hook"),
            limit_hit.work.provider,
            failures.reported("quota", until=limit_hit.until),
            evidence=evidence,
            agent=limit_hit.work.agent,
            why=f"{limit_hit.work.provider} hit its 5-hour limit",
        )
        later, why = then(limit_hit.until, "hook"), "its window began anew"
        actions.succeeded(later, limit_hit.work.provider, None, why=why, ended=True)
    actions.report_failure(
        then(now - timedelta(minutes=2), "gateway"),
        "bedrock",
        failures.reported("overload", until=now + timedelta(seconds=75)),
        evidence={"status": 529, "text": "Overloaded"},
        agent="opencode",
        why="overloaded (529)",
    )
    write_down(then(now, "demo"), "demo", why=HELLO)


def _before_the_move(provider: str) -> int:
    """Where a provider stood before the person moved one of them up."""
    return scenario.PRIORITY.index(provider) + (3 if provider == _PROMOTED else 0)


def _note_limit_hits(ctx: Context, past: History) -> None:
    """Limits of the month: hit, taken over, back."""
    ledger = ctx.paths.ledger
    for limit_hit in past.limit_hits:
        work = limit_hit.work
        reader.limit_hit(
            ledger,
            work.provider,
            kind="quota",
            at=limit_hit.at,
            until=limit_hit.until,
            agent=work.agent,
            session=None,
            text="You've hit your session limit",
        )
        why = f"{work.provider} hit its limit (429)"
        reader.switch(ledger, work.provider, work.fallback, why=why, who="hook", at=limit_hit.at)
        reader.switch(ledger, work.fallback, work.provider, why="bench over", who="hook", at=limit_hit.until)
