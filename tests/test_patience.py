"""Every time in the code is known to tests: a limit they raise, or one of another kind, and why."""

from __future__ import annotations

import ast
import functools
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from tests.patience import LIMITS, PAUSES

ROOT = Path(__file__).parent.parent

RAISED_BY_FIXTURES = "tui.key_queue.OPENING_S tui.main_screen.SAID_S tui.main_screen.STORY_S"

OTHER_TIMES = {
    "a pause between two looks: nothing is given up when it ends": """
        actions.resuming.PLUGIN_LOOK_S cli.history._LOOK_EVERY_S cli.sessions.LOOK_S cli.sessions.EVERY_S
        demo.__main__.TICK_S gateway.exchange.LOOK_S gateway.inflight.FIRST_S
        gateway.inflight.PERIOD_S gateway.process.LOOK_S gateway.recorder.BATCH_S gateway.recorder.LATER_S
        gateway.routing_state.REFRESH_S launch.supervisor.LOOK_S
        launch.supervisor.POLL_S
        launch.supervisor.WARM_S launch.supervisor.WAITS_S launch.waiting.LOOK_S
        mcp_server.server.LOOK_EVERY_S tui.app.RESIZED_S tui.ingest_runner.STEP_MS
        tui.ingest_runner.DEBOUNCE_MS tui.ingest_runner.LOOK_S tui.ingest_runner.SETTINGS_S
        tui.ingest_runner.DATABASE_MS tui.refresher.SCAN_S tui.refresher.LIVE_S tui.refresher.LONGEST_REST_S
        tui.session_feed.SHOWN_S
        tui.session_feed.HIDDEN_S tui.session_feed.HURRIED_S tui.textual_internals.INPUT_WAIT_S
        tui.watch.STEP_MS tui.watch.DEBOUNCE_MS
    """,
    "the pace of the demo's story, whose clock tests move": """
        demo.player.PAUSE_S demo.player.REFUSED_S demo.story.FIRST_FAILURE_S demo.story.FIRST_BACK_S
        demo.vendors.WORDS_PER_S demo.vendors.SHORTEST_S demo.vendors.LONGEST_S
    """,
    "after it a process is ended, which is all that tests see of it": """
        actions.notices.LIFE_S demo.player.GATEWAY_END_S demo.session.END_S demo.session.GATEWAY_END_S
        gateway.process.DRAIN_S gateway.process.HOMELESS_DRAIN_S tui.ingest_child.LINGER_S
        tui.ingest_runner.END_S
    """,
    "counted in looks whose pause tests take out": "actions.resuming.PLUGIN_LIMIT_S",
    "the drill's own scale: its faults last until they end, on its own clock": """
        drill.fake_upstream.DRIP_S drill.sandbox.FIRST_BYTE_S drill.sandbox.STALL_S
    """,
    "what follows is the same, only later or in other words; nothing is lost": """
        gateway.connections.IDLE_S gateway.connections.UNACKNOWLEDGED_S gateway.exchange.END_S
        gateway.held_reply.KEEP_ALIVE_S gateway.process.SAY_AGAIN_S gateway.recorder.QUIET_S
        gateway.upstream.SUSPEND_S
    """,
    "a rest after each of ten looks at a file that stays broken: raised, each such test would wait for it":
        "state.files.HALF_WRITTEN_S",
    "raised by the fixture of the dashboard's tests, where alone it counts": RAISED_BY_FIXTURES,
    "an age or a distance on the Context's clock": """
        gateway.breaker.JITTER_S gateway.recorder.READING_AGE_S gateway.recorder.EVENT_GAP_S
        gateway.recorder.TOLD_S ingest.claude_code.RETRY_GAP_MS ingest.opencode.OVERLAP_MS
        ingest.running_totals.SLACK_MS integrations.claude_address.RELOAD_S integrations.claude_route.START_S
        launch.supervisor.SPAN_S ledger.estimates.BACK_MS ledger.estimates._SAME_RESET_MS
        ledger.gateway_rows.SLACK_MS ledger.gateway_rows.LONGEST_TURN_MS ledger.limit_counts._JUST_MS
        ledger.limit_hits.SAME_HIT_MS rules.reset_text.MAX_WAIT_S sessions.evidence.KEEP_S
        sessions.evidence.LATEST_S sessions.evidence.AHEAD_S sessions.subagents.RECENT_S
        state.answer_rules.LONGEST_REST_S state.files.FRESH_S tui.notify.TOUCHED_S
    """,
    "a value that is told to somebody else": """
        export.litellm_text.COOLDOWN_S export.litellm_text.REQUEST_TIMEOUT_S export.metrics.DURATIONS_S
        export.metrics.FIRST_CHUNK_S export.otlp_target.LONGEST_S gateway.body.CACHE_LIFE_S
        gateway.own_responses.UNKNOWN_WAIT_S gateway.own_responses.SOON_S
        gateway.own_responses.LONGEST_RETRY_S gateway.routing.THINKING_SILENCE_S
        integrations.claude_settings.REFRESH_S integrations.codex_parts.HOOK_TIMEOUT_S
        integrations.codex_parts.END_TIMEOUT_S integrations.codex_parts.MCP_START_S
        integrations.opencode._MCP_TIMEOUT_MS
    """,
    "a unit, or words for one": """
        rules.error_body._WAITS_MS
        drill.ledger_copy.HOUR_MS ledger.blocks._HOUR_MS ledger.estimates._HOUR_MS ledger.estimates._MS
        ledger.period.ALL_MS ledger.period._DAY_MS ledger.prices.HOUR_MS ledger.layout.QUARTER_MS
        state.setting_kinds.DAY_S
    """,
}  # fmt: skip
"""Why tests leave a time as it is -> the constants, without `pf_tui.`"""

ENDINGS = ("_S", "_MS")


@functools.cache
def sources() -> dict[str, str]:
    """Every module of pf_tui, by its name."""
    paths = sorted((ROOT / "pf_tui").rglob("*.py"))
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths)
    texts = (path.read_text() for path in paths)
    return {name.removesuffix(".__init__"): text for name, text in zip(names, texts, strict=True)}


@functools.cache
def parsed(worth_a_look: str) -> dict[str, tuple[ast.AST, ...]]:
    """Everything in the modules whose text has such words; to parse all of them takes ten times as long."""
    look = re.compile(worth_a_look)
    return {name: tuple(ast.walk(ast.parse(text))) for name, text in sources().items() if look.search(text)}


TIMES = r"_M?S\b|\b(?:timeout|timeout_s|limit_s)="


def nodes() -> Iterator[tuple[str, ast.AST]]:
    """Everything in the modules that speak of times."""
    for module, own in parsed(TIMES).items():
        for node in own:
            yield module, node


def constants() -> Iterator[str]:
    """Every module constant whose name says that it is a time."""
    for module, (tree, *_) in parsed(TIMES).items():
        for statement in cast("ast.Module", tree).body:
            targets: list[ast.expr] = []
            if isinstance(statement, ast.Assign):
                targets = statement.targets
            elif isinstance(statement, ast.AnnAssign):
                targets = [statement.target]
            for target in targets:
                for part in target.elts if isinstance(target, ast.Tuple) else [target]:
                    if isinstance(part, ast.Name) and part.id.endswith(ENDINGS):
                        yield f"{module}.{part.id}"


def test_every_time_is_a_limit_that_tests_raise_or_has_a_reason() -> None:
    others = [f"pf_tui.{name}" for names in OTHER_TIMES.values() for name in names.split()]

    times = list(constants())
    assert [time for time in times if time not in (*LIMITS, *PAUSES, *others)] == [], "not known here"
    assert [time for time in (*LIMITS, *PAUSES, *others) if time not in times] == [], "gone"


def test_a_limit_is_raised_wherever_it_was_imported() -> None:
    for place, limit in LIMITS.items():
        home, _, constant = place.rpartition(".")
        assert getattr(importlib.import_module(home), constant) == limit
    for module, node in nodes():
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (limit := LIMITS.get(f"{node.module}.{alias.name}")) is not None:
                    assert alias.asname is None, f"{module} calls it otherwise"
                    assert getattr(importlib.import_module(module), alias.name) == limit


def test_no_limit_is_bound_before_tests_can_set_it() -> None:
    """As the default of a parameter, or of a record's field."""
    names = {place.rpartition(".")[2] for place in (*LIMITS, *RAISED_BY_FIXTURES.split())}
    bound = [
        f"{module}:{default.lineno}"
        for module, node in nodes()
        for default in defaults(node)
        for part in ast.walk(default)
        if getattr(part, "id", getattr(part, "attr", "")) in names
    ]

    assert bound == []


def defaults(node: ast.AST) -> Iterator[ast.expr]:
    """What its parameters or fields are when nobody says otherwise."""
    if isinstance(node, ast.arguments):
        yield from (*node.defaults, *(default for default in node.kw_defaults if default))
    elif isinstance(node, ast.ClassDef):
        yield from (part.value for part in node.body if isinstance(part, ast.AnnAssign) and part.value)


def test_no_wait_is_a_bare_number() -> None:
    """A wait has a name, so that it stands in one of the two tables."""
    bare = [
        f"{module}:{word.value.lineno}"
        for module, node in nodes()
        if isinstance(node, ast.Call)
        for word in node.keywords
        if word.arg in ("timeout", "timeout_s", "limit_s")
        and isinstance(word.value, ast.Constant)
        and word.value.value
    ]

    assert bare == []


def test_a_module_that_is_named_was_imported_there() -> None:
    """`actions.settings` is there only after somebody has imported it: here, not by chance elsewhere."""
    modules = sources()
    packages = {name.rpartition(".")[0] for name in modules} - {"pf_tui", ""}
    parts = "|".join(
        sorted({name.rpartition(".")[2] for name in modules if name.rpartition(".")[0] in packages})
    )
    missing = []
    for module, own in parsed(rf"(?<![\w.])(?!pf_tui\b)\w+\.(?:{parts})\.\w").items():
        imported, called = set(), {}
        for node in own:
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    imported |= {str(node.module), f"{node.module}.{alias.name}"}
                    called[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        for node in own:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                name = f"{called.get(node.value.id)}.{node.attr}"
                if name in modules and name not in imported:
                    missing.append(f"{module}:{node.lineno} {name}")

    assert missing == []
