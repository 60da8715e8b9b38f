"""After a final error at a limit: what the plugin is told, and what it does with it."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui.actions import resuming
from pf_tui.hooks import opencode
from pf_tui.integrations import opencode as integration
from pf_tui.records import replace
from pf_tui.sessions.evidence import read
from pf_tui.state import resumes
from pf_tui.state.context import Context
from tests.conftest import NOON
from tests.hooks.test_opencode import ctx, told  # noqa: F401 - a fixture
from tests.patience import PATIENCE_S

KEY = ("opencode", "ses_1")
ALONE = {"available": {"alpha": ["m-alpha"]}}
"""What OpenCode has where the session can go nowhere else."""


def final_error(ctx: Context, **error: Any) -> dict[str, Any]:  # noqa: F811
    return told(ctx, "session.error", provider="alpha", model="m-alpha", error=error)


def shown(ctx: Context, **facts: Any) -> None:  # noqa: F811
    """What the plugin tells of a session."""
    opencode.handle(ctx, "session", {"session_id": "ses_1", **facts})


@pytest.mark.parametrize(
    ("status", "headers", "until"),
    [
        pytest.param(429, {"retry-after": "7200"}, NOON + timedelta(hours=2), id="with-its-end"),
        pytest.param(401, {}, None, id="no-limit"),
        pytest.param(500, {}, None, id="an-outage"),
    ],
)
def test_only_a_limit_makes_the_plugin_look(ctx: Context, status: int, headers: Any, until: Any) -> None:  # noqa: F811
    reply = final_error(ctx, status=status, headers=headers)

    expected = {"file": str(ctx.paths.resumes), "until": round(until.timestamp() * 1000)} if until else None
    assert reply.get("limit") == expected


def test_a_refused_wait_of_hours_is_a_limit_too(ctx: Context) -> None:  # noqa: F811
    facts = {"provider": "alpha", "model": "m-alpha", "status": 429, "headers": {"retry-after": "7200"}}
    reply = told(ctx, "request.failed", **facts)

    assert "refuse" in reply
    assert reply["limit"]["until"] == round((NOON + timedelta(hours=2)).timestamp() * 1000)


def test_a_wish_is_answered_with_its_time_then_once_with_the_word(ctx: Context) -> None:  # noqa: F811
    later = NOON + timedelta(minutes=5)
    assert told(ctx, "resume") == {"at": None}
    resumes.ask(ctx.paths, KEY, later, NOON)
    assert told(ctx, "resume") == {"at": round(later.timestamp() * 1000)}

    resumes.ask(ctx.paths, KEY, NOON, NOON)

    assert told(ctx, "resume") == {"at": None, "send": "continue"}
    assert told(ctx, "resume") == {"at": None}


@pytest.mark.parametrize(
    ("how", "elsewhere", "at"),
    [
        pytest.param("setting", False, NOON + timedelta(hours=2, seconds=5), id="at-the-reset"),
        pytest.param("setting", True, NOON, id="at-once-with-the-next"),
        pytest.param("run", False, NOON + timedelta(hours=2, seconds=5), id="for-one-run"),
        pytest.param("", True, None, id="off"),
    ],
)
def test_a_session_goes_on_by_itself_where_the_person_wants_that(
    ctx: Context,  # noqa: F811
    how: str,
    elsewhere: bool,
    at: Any,
) -> None:
    if how == "setting":
        resuming.set_automatic(ctx, True)
    elif how == "run":
        ctx = replace(ctx, env={**ctx.env, "PF_TUI_RESUME_AT_RESET": "1"})
    facts = {"provider": "alpha", "model": "m-alpha", "status": 429, "headers": {"retry-after": "7200"}}
    limit = told(ctx, "request.failed", **facts, **({} if elsewhere else ALONE))["limit"]
    assert limit.get("resume") == (at and round(at.timestamp() * 1000))

    if at:
        assert told(ctx, "limited", at=limit["resume"]) == {}
        assert resumes.read(ctx.paths) == {KEY: at}
        assert resumes.ends_with_session(ctx.paths, KEY)


def test_nothing_is_sent_while_pf_tui_is_paused(ctx: Context) -> None:  # noqa: F811
    resumes.ask(ctx.paths, KEY, NOON, NOON)

    assert opencode.while_paused(ctx, "resume", {"session_id": "ses_1"}) == ""
    assert KEY in resumes.read(ctx.paths)


def test_a_limit_stands_in_the_evidence_until_the_next_turn(ctx: Context) -> None:  # noqa: F811
    ms = NOON.timestamp() * 1000
    limited = {"at": ms, "until": ms + 60_000}
    shown(ctx, event="session.limited", status="idle", at=ms, limited=limited)
    seen = read(ctx.paths, *KEY)
    shown(ctx, event="session.status", status="busy", at=ms + 1000)
    after = read(ctx.paths, *KEY)

    assert seen is not None
    assert seen.limited == {"at": NOON.timestamp(), "until": NOON.timestamp() + 60}
    assert after is not None
    assert after.limited == {}


SCENE = """
import {{ PfTui }} from {plugin}
import {{ writeFileSync }} from "node:fs"
const sent = []
const client = {{
  config: {{ providers: async () => ({{ data: {{ providers: [], default: {{}} }} }}) }},
  tui: {{ showToast: async () => {{}} }},
  session: {{ promptAsync: async (given) => void sent.push(given) }},
}}
const hooks = await PfTui({{ client, directory: {folder} }})
const tell = (type, properties) =>
  hooks.event({{ event: {{ type, properties: {{ sessionID: "ses_1", ...properties }} }} }})
const model = {{ providerID: "alpha", modelID: "m" }}
const types = async () => hooks["chat.message"](
  {{ sessionID: "ses_1", variant: "high" }},
  {{ message: {{ id: "m" + Math.random(), agent: "plan", model }}, parts: [] }},
)
const busy = () => tell("session.status", {{ status: {{ type: "busy" }} }})
const idle = () => tell("session.idle", {{}})
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
await types()
await busy()
await tell("session.error", {{ error: {{ name: "APIError", data: {{ statusCode: 429 }} }} }})
await idle()
{then}
writeFileSync({wish}, "{{}}")
{until}
await tell("session.error", {{ error: {{ name: "MessageAbortedError" }} }})
console.log(JSON.stringify(sent))
process.exit(0)
"""

HOOK = """#!/bin/sh
echo "$3" >> {calls}
cat > /dev/null
case "$3" in
  session.error) echo '{{"limit": {{"file": {wish}, "until": 1, "resume": 1}}}}' ;;
  resume) echo '{{"at": null, "send": "continue"}}' ;;
  *) echo '{{}}' ;;
esac
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize(
    ("then", "until", "sends"),
    [
        pytest.param("", "while (!sent.length) await pause(5); await pause(60)", True, id="idle-since"),
        pytest.param("await types()", "await pause(60)", False, id="the-person-typed"),
        pytest.param("await busy()", "await pause(60)", False, id="a-turn-runs"),
        pytest.param(
            'await tell("session.deleted", {info: {id: "ses_1"}})', "await pause(60)", False, id="deleted"
        ),
    ],
)
def test_the_plugin_sends_the_word_once_as_the_person_would(
    tmp_path: Path, then: str, until: str, sends: bool
) -> None:
    wish, calls, program = tmp_path / "resumes.json", tmp_path / "calls", tmp_path / "hook"
    program.write_text(HOOK.format(calls=calls, wish=json.dumps(str(wish))))
    program.chmod(0o700)
    source = (Path(integration.__file__).parent / "data/opencode/plugin/pf-tui.js").read_text()
    plugin, scene = tmp_path / "plugin.mjs", tmp_path / "scene.mjs"
    source = source.replace('["pf-tui"]', json.dumps([str(program)]))
    plugin.write_text(source.replace("const LOOK_MS = 3000", "const LOOK_MS = 5"))
    places = {"plugin": json.dumps(str(plugin)), "folder": json.dumps(str(tmp_path))}
    scene.write_text(SCENE.format(**places, wish=json.dumps(str(wish)), then=then, until=until))

    run = subprocess.run(
        ["node", str(scene)], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )

    assert run.stderr == ""
    body = {
        "agent": "plan",
        "model": {"providerID": "alpha", "modelID": "m"},
        "variant": "high",
        "parts": [{"type": "text", "text": "continue"}],
    }
    message = {"path": {"id": "ses_1"}, "query": {"directory": str(tmp_path)}, "body": body}
    assert json.loads(run.stdout) == ([message] if sends else [])
    asked = calls.read_text().split()
    assert (asked.count("limited"), asked.count("resume")) == (1, sends)
