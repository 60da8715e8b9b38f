"""The real Codex and fake upstreams: a limit benches, the next start goes elsewhere, the session is kept."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.clients import Machine, machine, program, terminal, wait_until
from tests.upstreams import OpenAIUpstream as Upstream
from tests.upstreams import refused

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CONFIG = """\
# mine
model = "m-alpha"  # the best
model_provider = "alpha"
approval_policy = "never"
check_for_update_on_startup = false
notify = [
  "/bin/sh", "-c", "echo \\"$1\\" >> $HOME/notified", # mine
  "x",
]

[analytics]
enabled = false

[model_providers.alpha]
name = "alpha"
base_url = "{url}"
wire_api = "responses"
env_key = "ALPHA_API_KEY"

[projects."{work}"]
trust_level = "trusted"
"""

HOOKS = {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "echo x >> $HOME/stopped"}]}]}}


@pytest.fixture
def box(alpha: Upstream, beta: Upstream, tmp_path: Path) -> Iterator[Machine]:
    """Codex with rich settings of its owner, set to alpha."""
    program("codex")
    made = machine(tmp_path, {"alpha": alpha.url, "beta": beta.url}, "openai-responses")
    folder = made.home / ".codex"
    folder.mkdir()
    (folder / "config.toml").write_text(CONFIG.replace("{url}", alpha.url).replace("{work}", str(made.work)))
    (folder / "hooks.json").write_text(json.dumps(HOOKS))
    yield made
    end_daemons(made.home)


def end_daemons(home: Path) -> None:
    """Codex's terminal leaves a server in the background, its program inside this test's own home."""
    for process in psutil.process_iter(["exe"]):
        program_file = process.info["exe"]
        if program_file and Path(program_file).is_relative_to(home):
            with contextlib.suppress(psutil.Error):
                process.kill()


def codex(box: Machine, *words: str) -> subprocess.CompletedProcess[str]:
    """`codex exec`; the hooks are vetted: they are ours."""
    return box.run("codex", "exec", "--dangerously-bypass-hook-trust", *words)


def limit(alpha: Upstream, hours: int = 3, *, windows: bool = True) -> int:
    """alpha's plan is used up; returns when it is back (epoch).

    Args:
        windows: also in headers, on which Codex's terminal offers a cheaper model.
    """
    ends = int(time.time()) + hours * 3600
    error = {"type": "usage_limit_reached", "message": "limit", "plan_type": "plus", "resets_at": ends}
    told = {
        "x-codex-primary-used-percent": "100",
        "x-codex-primary-window-minutes": "300",
        "x-codex-primary-reset-at": str(ends),
    }
    alpha.always(refused(429, {"error": error}, told if windows else {}))
    return ends


def test_after_a_limit_the_next_start_is_served_elsewhere_in_the_same_session(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    box.pf("install", "codex")
    codex(box, "first")
    ends = limit(alpha)

    limited = codex(box, "resume", "--last", "second")
    following = codex(box, "resume", "--last", "third")

    assert limited.returncode == 1
    assert following.returncode == 0, following.stderr
    assert [request.prompt for request in alpha.requests] == ["first", "second"]
    assert beta.requests[-1].prompt == "third"
    assert beta.requests[-1].headers["authorization"] == "Bearer sk-beta-0002"
    (bench,) = json.loads((box.state / "health.json").read_text())["benches"]
    assert (bench["provider"], bench["kind"]) == ("alpha", "quota")
    assert bench["evidence"]["agent"] == "codex"
    assert bench["until"].startswith(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ends)))
    assert box.hooks_log() == ""


def test_no_key_stands_in_codexs_settings_after_a_switch(box: Machine, beta: Upstream) -> None:
    box.pf("install", "codex")

    box.pf("switch", "beta")
    done = codex(box, "hello")

    assert done.returncode == 0, done.stderr
    assert beta.requests[0].headers["authorization"] == "Bearer sk-beta-0002"
    assert "sk-beta" not in (box.home / ".codex" / "config.toml").read_text()


def test_a_switch_back_leaves_the_owners_own_setting(box: Machine, alpha: Upstream, beta: Upstream) -> None:
    box.pf("install", "codex")
    installed = (box.home / ".codex" / "config.toml").read_bytes()

    box.pf("switch", "beta")
    told = json.loads(box.pf("switch", "alpha", "--json"))

    assert (box.home / ".codex" / "config.toml").read_bytes() == installed
    assert told["effect"][0]["when"] == "next start"
    codex(box, "hello")
    assert (alpha.models(), beta.models()) == (["m-alpha"], [])


def test_a_command_is_answered_without_a_request(box: Machine, alpha: Upstream, beta: Upstream) -> None:
    box.pf("install", "codex")

    done = codex(box, "/provider-switch beta")

    assert (alpha.requests, beta.requests) == ([], [])
    assert "Blocked" in done.stderr
    assert box.active() == "beta"


def test_the_owners_own_notify_and_hooks_still_run(box: Machine, alpha: Upstream) -> None:
    box.pf("install", "codex")

    codex(box, "hello")

    notified = box.home / "notified"
    wait_until(notified.exists, what="the owner's notify")
    assert json.loads(notified.read_text())["input-messages"] == ["hello"]
    assert (box.home / "stopped").exists()


def test_notify_alone_brings_usage_into_the_ledger(box: Machine, alpha: Upstream) -> None:
    """Hooks that the person has not trusted do not run; notify does."""
    box.pf("install", "codex")

    done = box.run("codex", "exec", "hello")

    assert done.returncode == 0, done.stderr
    wait_until((box.state / "ledger.db").exists, what="the ledger")
    content = json.loads(box.pf("analytics", "24h", "--json"))
    assert content["by_agent"][0]["agent"] == "codex"
    assert content["by_provider"][0]["provider"] == "alpha"
    assert content["totals"]["requests"] == 1


def test_install_and_uninstall_leave_a_rich_home_as_it_was(box: Machine, tmp_path: Path) -> None:
    folder, before = box.home / ".codex", tmp_path / "before"
    (folder / "config.toml").chmod(0o640)
    shutil.copytree(folder, before)

    box.pf("install", "codex")
    again = box.pf("install", "codex")
    box.pf("switch", "beta")
    box.pf("install", "codex")
    switched = (folder / "config.toml").read_text()
    box.pf("uninstall", "codex")

    assert "already set up; nothing changed" in again
    assert 'model_provider = "beta"' in switched
    assert box.run("diff", "-r", str(before), str(folder)).stdout == ""
    assert (folder / "config.toml").stat().st_mode & 0o777 == 0o640


def test_in_the_terminal_hooks_run_once_they_are_trusted(
    box: Machine, alpha: Upstream, beta: Upstream
) -> None:
    box.pf("install", "codex")

    with terminal(box, "codex") as screen:
        screen.wait_for("Hooks need review")
        screen.press_until("Down", "› 2. Trust all and continue")
        screen.press_until("Enter", "OpenAI Codex")
        screen.submit("hello one", "Hello from the mock.")
        limit(alpha, windows=False)
        screen.submit("hello two", "usage limit")
        screen.submit("hello three", "alpha is out")
        screen.submit("provider-status", "next: nobody")

    assert "provider-status" not in [request.prompt for request in alpha.requests]
    assert box.active() == "beta"
    assert box.hooks_log() == ""
