"""What OpenCode's plugin writes down of a session by itself, run by node: a file that readers take."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import pf_tui.integrations.opencode as integration
from pf_tui.hooks import session_evidence
from pf_tui.sessions.evidence import Evidence, Store, read
from pf_tui.state.context import Context
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")

SCENE = """
import {{ PfTui }} from {plugin}
import {{ readFileSync, readdirSync, rmSync }} from "node:fs"
const client = {{
  config: {{ providers: async () => ({{ data: {{ providers: [], default: {{}} }} }}) }},
  tui: {{ showToast: async () => {{}} }},
}}
const hooks = await PfTui({{ client, directory: {folder} }})
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const until = async (condition) => {{ while (!condition()) await pause(2) }}
const tell = (type, properties) =>
  hooks.event({{ event: {{ type, properties: {{ sessionID: "ses_1", ...properties }} }} }})
const message = {{ id: "m", model: {{ providerID: "alpha", modelID: "m" }} }}
const types = () =>
  hooks["chat.message"]({{ sessionID: "ses_1" }}, {{ message, parts: [{{ type: "text", text: "SECRET" }}] }})
const calls = () => readFileSync({calls}, "utf8").split("\\n")
const files = () => readdirSync({sessions}).filter((name) => !name.startsWith("."))
const reads = (event) => until(
  () => files().some((name) => readFileSync({sessions} + "/" + name, "utf8").includes(event)),
)
await until(() => globalThis.place)
{then}
process.exit(0)
"""

HOOK = """#!/bin/sh
echo "$3" >> {calls}
cat > /dev/null
case "$3" in
  session.folder) cat {place} ;;
  *) echo '{{}}' ;;
esac
"""

NOW_MS = 1_796_000_000_000


@pytest.fixture
def ctx(context: Callable[..., Context]) -> Context:
    """A home of one's own."""
    return context()


def run(ctx: Context, tmp_path: Path, then: str, *, begins_ms: int = 15_000) -> list[str]:
    """Play a scene in the plugin; the events that a process was started for."""
    calls, place = tmp_path / "calls", tmp_path / "place.json"
    place.write_text(json.dumps(session_evidence.opencode_place(ctx, {"pid": 7, "cwd": str(tmp_path)})))
    program = tmp_path / "hook"
    program.write_text(HOOK.format(calls=calls, place=place))
    program.chmod(0o700)
    source = (Path(integration.__file__).parent / "data/opencode/plugin/pf-tui.js").read_text()
    source = source.replace('["pf-tui"]', json.dumps([str(program)]))
    source = source.replace("place = folder &&", "globalThis.place = place = folder &&")
    plugin, scene = tmp_path / "plugin.mjs", tmp_path / "scene.mjs"
    plugin.write_text(source.replace("const BEGINS_MS = 15000", f"const BEGINS_MS = {begins_ms}"))
    names = {"plugin": plugin, "folder": tmp_path, "calls": calls, "sessions": ctx.paths.sessions}
    scene.write_text(SCENE.format(**{name: json.dumps(str(path)) for name, path in names.items()}, then=then))
    done = subprocess.run(
        ["node", str(scene)], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.stderr == ""
    return calls.read_text().split()


def noted(ctx: Context) -> Evidence:
    evidence = read(ctx.paths, "opencode", "ses_1")
    assert evidence is not None
    return evidence


def test_a_session_is_written_down_without_a_process(ctx: Context, tmp_path: Path) -> None:
    then = f"""
    await types()
    await reads("chat.message")
    await tell("session.status", {{status: {{type: "retry", next: {NOW_MS}}}}})
    await reads("session.status")
    await tell("permission.asked", {{title: "SECRET"}})
    await reads("permission.asked")
    """
    started = run(ctx, tmp_path, then)
    seen = noted(ctx)

    assert "session" not in started
    assert (seen.event, seen.status, seen.waiting_for) == ("permission.asked", "retry", "permission")
    assert (seen.retry_at, seen.pid, seen.cwd) == (NOW_MS / 1000, 7, str(tmp_path))
    assert Store(ctx.paths).all().keys() == {("opencode", "ses_1")}
    (file,) = ctx.paths.sessions.iterdir()  # and no temporary file beside it
    assert file.stat().st_mode & 0o777 == 0o600
    assert "SECRET" not in file.read_text()


def test_a_prompt_that_wants_no_answer_begins_no_turn(ctx: Context, tmp_path: Path) -> None:
    run(ctx, tmp_path, 'await types(); await reads("session.idle")', begins_ms=1)

    assert (noted(ctx).event, noted(ctx).status) == ("session.idle", "idle")


def test_where_the_folder_went_a_process_is_asked_again(ctx: Context, tmp_path: Path) -> None:
    folder = json.dumps(str(ctx.paths.sessions))
    then = f"""
    rmSync({folder}, {{recursive: true}})
    await tell("permission.asked", {{}})
    await until(() => calls().includes("session"))
    """
    run(ctx, tmp_path, then)

    assert not ctx.paths.sessions.exists()


def test_the_folder_is_tidied_again_after_fifty_sessions(ctx: Context, tmp_path: Path) -> None:
    then = """
    for (let n = 0; n < 50; n++) tell("session.created", {info: {id: "ses_" + n}})
    await until(() => calls().filter((name) => name === "session.folder").length === 2)
    """
    run(ctx, tmp_path, then)

    assert len(Store(ctx.paths).all()) == 50
