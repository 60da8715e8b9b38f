"""Every check finds what it is there for, and names the cure."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pf_tui import actions
from pf_tui.actions import install
from pf_tui.integrations import doctor
from pf_tui.integrations.doctor import machine
from pf_tui.ledger import queue
from pf_tui.state.context import Context
from pf_tui.state.files import write_json
from tests.patience import PATIENCE_S

Make = Callable[..., Context]
NOW = datetime.now(UTC)


def finding(ctx: Context, check: str) -> doctor.Result:
    """What one check says."""
    return next(result for result in doctor.run(ctx) if result.id == check)


@pytest.fixture
def ctx(context: Make, tmp_path: Path) -> Context:
    """A machine on which all is well: a key, no agent."""
    folder = tmp_path / "bin"
    folder.mkdir()
    put_program(folder / "pf-tui", "pf-tui 0.1.0")
    made = context(now=NOW, env={"PATH": str(folder), "GROQ_API_KEY": "gsk_secret_value"})
    made.paths.home.mkdir(parents=True, mode=0o700)
    return made


def put_program(path: Path, says: str) -> None:
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


def test_a_machine_where_all_is_well_has_no_failure(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pf_tui.state.credentials.keyring_problem", lambda: None)

    results = {result.id: result for result in doctor.run(ctx)}

    assert {name: one.message for name, one in results.items() if one.state == "fail"} == {}
    assert {name for name, one in results.items() if one.state == "warn"} <= {"clients", "inotify"}


def test_every_finding_has_a_cure_and_every_check_its_own_id(ctx: Context) -> None:
    (ctx.paths.home / "config.json").write_text("{")

    results = doctor.run(ctx)

    assert len({result.id for result in results}) == len(results) == len(doctor.CHECKS)
    for result in results:
        assert result.state in ("ok", "warn", "fail", "skip")
        assert result.message
        assert bool(result.fix) == (result.state in ("warn", "fail")), result


def test_a_state_directory_open_to_others_is_told(ctx: Context) -> None:
    ctx.paths.home.chmod(0o755)

    found = finding(ctx, "state-folder")

    assert (found.state, found.fix) == ("warn", f"chmod 700 {ctx.paths.home}")


def test_a_broken_state_file_is_told_with_its_place(ctx: Context) -> None:
    ctx.paths.config.write_text('{"version": 2,\n "autoSwitch": maybe}')

    found = finding(ctx, "state-files")

    assert found.state == "fail"
    assert found.message.startswith("config.json line 2 column")
    assert "the file was left as it is" in found.fix


@pytest.mark.parametrize("name", ["config.json", "health.json", "installs.json"])
def test_a_file_of_a_newer_version_is_told(name: str, ctx: Context) -> None:
    write_json(ctx.paths.home / name, {"version": 99})

    found = finding(ctx, "newer-version")

    assert found.state == "fail"
    assert found.message.startswith(f"{name} has version 99")
    assert found.fix == "update pf-tui"


def test_a_ledger_of_a_newer_version_is_told(ctx: Context) -> None:
    with sqlite3.connect(ctx.paths.ledger) as connection:
        connection.execute("PRAGMA user_version = 99")

    assert finding(ctx, "newer-version").message.startswith("ledger.db: has version 99")


def test_a_queue_that_takes_no_more_rows_is_told(ctx: Context) -> None:
    ctx.paths.ledger.touch()
    with queue.path_of(ctx.paths.ledger).open("wb") as file:
        file.truncate(queue.MAX_BYTES + 1)  # a hole: it takes no room

    found = finding(ctx, "ledger")

    assert found.state == "fail"
    assert "what is used now is not counted" in found.message
    with pytest.raises(OSError, match="large"):
        queue.add(ctx.paths.ledger, [("switch", [1, "a", "b", "c", "d"])])


def test_a_damaged_ledger_is_told(ctx: Context) -> None:
    ctx.paths.ledger.write_bytes(b"no database at all" * 100)

    found = finding(ctx, "ledger")

    assert found.state == "fail"
    assert "pf-tui ingest" in found.fix


def test_a_file_with_secrets_that_others_can_read_is_told(ctx: Context) -> None:
    write_json(ctx.paths.auth, {"providers": {}})
    ctx.paths.auth.chmod(0o644)

    found = finding(ctx, "secret-files")

    assert found.message == "auth.json is readable by others"
    assert found.fix == f"chmod 600 {ctx.paths.auth}"
    assert ctx.paths.auth.stat().st_mode & 0o777 == 0o644, "doctor changes nothing"


def test_a_file_that_was_set_aside_is_told(ctx: Context) -> None:
    (ctx.paths.home / "health.json.corrupt-20261125-120000").write_text("{")

    assert "health.json.corrupt-20261125-120000 was damaged" in finding(ctx, "set-aside").message


def test_a_machine_without_any_credential_is_told(context: Make) -> None:
    found = finding(context(), "credentials")

    assert (found.state, found.message) == ("fail", "no provider has a credential")
    assert "pf-tui auth set PROVIDER" in found.fix


def test_a_missing_keyring_warns_and_fails_when_keys_are_in_it(ctx: Context) -> None:
    assert finding(ctx, "keyring").state == "warn"

    write_json(ctx.paths.config, {"version": 2, "pf": {"keyring": ["openrouter"]}})

    found = finding(ctx, "keyring")
    assert found.state == "fail"
    assert "the keys of openrouter are in one" in found.message


def test_a_program_that_is_not_on_the_path_is_told(context: Make, tmp_path: Path) -> None:
    found = finding(context(env={"PATH": str(tmp_path)}), "path")

    assert found.state == "warn"
    assert "add the folder" in found.fix


def test_few_file_watches_are_told(ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "max_user_instances").write_text("8\n")
    (tmp_path / "max_user_watches").write_text("8192\n")
    monkeypatch.setattr(machine, "INOTIFY", tmp_path)

    found = finding(ctx, "inotify")

    assert found.message.startswith("few file watches (8 instances, 8192 watches)")
    assert "sysctl fs.inotify.max_user_instances=512" in found.fix


def test_a_clock_that_went_back_is_told(ctx: Context, context: Make) -> None:
    actions.bench(ctx, "groq")

    earlier = context(now=NOW - timedelta(hours=3), env=dict(ctx.env))

    found = finding(earlier, "clock")
    assert found.state == "warn"
    assert found.message.startswith("the journal is 3 h ahead of the clock")


@pytest.mark.parametrize("name", ["Mars/Olympus", "nowhere", "UTC+99", "../../etc/passwd", "Europe/\x1b[31m"])
def test_a_time_zone_that_nobody_knows_is_told(context: Make, name: str) -> None:
    found = finding(context(env={"TZ": name}), "clock")

    assert found.state == "warn"
    assert found.message.endswith("which is no time zone: days, months and times are in UTC")
    assert "\x1b" not in found.message


@pytest.mark.parametrize(
    "name",
    [
        "Europe/Berlin",
        ":Asia/Kolkata",
        "UTC",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "EST5EDT",
        "<+0530>-5:30",
        ":UTC",
    ],
)
def test_a_time_zone_in_any_of_its_forms_is_none(context: Make, name: str) -> None:
    assert finding(context(env={"TZ": name}), "clock").state == "ok"


def test_a_clock_at_the_epoch_is_told(context: Make) -> None:
    assert finding(context(now=datetime(1970, 1, 2, tzinfo=UTC)), "clock").state == "fail"


def test_an_address_file_of_a_process_that_is_gone_is_told(ctx: Context) -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    write_json(ctx.paths.gateway, {"pid": process.pid, "port": 1, "token": "t"})

    found = finding(ctx, "servers")

    assert found.message == "gateway.json is about a process that is gone"
    assert found.fix == f"rm {ctx.paths.gateway}"


def test_old_and_missing_clients_are_told(ctx: Context, tmp_path: Path) -> None:
    assert finding(ctx, "clients").message == "neither claude, opencode nor codex is on the PATH"

    put_program(tmp_path / "bin" / "claude", "2.0.9 (Claude Code)")
    put_program(tmp_path / "bin" / "opencode", "1.18.33")

    found = finding(ctx, "clients")
    assert found.message == "claude-code 2.0.9 is older than what pf-tui was measured with"


def test_an_install_that_somebody_took_apart_is_told(ctx: Context, home: Path) -> None:
    install.install(ctx, "opencode")
    assert finding(ctx, "installs").state == "ok"

    (home / ".config/opencode/plugin/pf-tui.js").unlink()

    found = finding(ctx, "installs")
    assert found.message == "opencode: pf-tui.js is not as pf-tui left it"
    assert found.fix == "`pf-tui install opencode` puts it right"


def test_the_original_plugin_beside_ours_is_told(ctx: Context, home: Path) -> None:
    place = home / ".claude" / "plugins" / "provider-fallback-plugin"
    place.mkdir(parents=True)

    assert str(place) in finding(ctx, "two-installs").message


def test_an_install_for_the_person_and_for_the_project_is_told(ctx: Context) -> None:
    install.install(ctx, "opencode")
    install.install(ctx, "opencode", in_project=True)

    found = finding(ctx, "two-installs")

    assert found.message.startswith("opencode has pf-tui twice here")
    assert found.fix == "`pf-tui uninstall opencode --project`"


def test_hooks_that_are_switched_off_are_told(ctx: Context, home: Path) -> None:
    install.install(ctx, "claude-code")
    settings = home / ".claude" / "settings.json"
    content = json.loads(settings.read_text()) if settings.exists() else {}
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({**content, "disableAllHooks": True}))

    assert finding(ctx, "plugin-enabled").message == "Claude Code's settings switch all hooks off"


def test_hooks_that_do_not_fire_are_told_with_the_agents_own_cure(ctx: Context, home: Path) -> None:
    install.install(ctx, "codex")
    assert finding(ctx, "hooks-fire").message == "no agent has worked since the install"

    rollout = home / ".codex/sessions/2026/11/25/rollout-x.jsonl"
    rollout.parent.mkdir(parents=True)
    rollout.write_text("{}\n")
    later = (datetime.now(UTC) + timedelta(minutes=10)).timestamp()  # after the install's file
    os.utime(rollout, (later, later))

    found = finding(ctx, "hooks-fire")
    assert found.message.startswith("codex has worked since the install, but none of its hooks")
    assert found.fix == "start `codex` once and choose `Trust all and continue`"


def test_hooks_that_fire_are_well(ctx: Context, context: Make) -> None:
    install.install(ctx, "codex")
    later = context(now=datetime.now(UTC) + timedelta(minutes=1), env=dict(ctx.env))
    actions.remember_session(later, "s1", "codex", "groq")

    assert finding(later, "hooks-fire").message == "heard from codex"


def test_hooks_that_failed_today_are_told(ctx: Context) -> None:
    line = f"{NOW:%Y-%m-%dT%H:%M:%SZ} opencode chat.message: KeyError at pf_tui/hooks/opencode.py:1"
    (ctx.paths.home / "hooks.log").write_text(f"2020-01-01T00:00:00Z old: one\n{line}\n")

    found = finding(ctx, "hooks-log")

    assert found.message.startswith("1 hooks failed in the last day, the last one: opencode chat.message")


def test_an_agent_set_to_a_gateway_that_is_gone_is_told(ctx: Context, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = home / ".claude" / "settings.json"
        settings.parent.mkdir(exist_ok=True)
        settings.write_text(json.dumps({"env": {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}"}}))
        assert finding(ctx, "gateway-address").state == "ok"

    found = finding(ctx, "gateway-address")
    assert found.state == "fail"
    assert found.message == f"{settings} points at http://127.0.0.1:{port}, where nothing listens"


def test_a_plugin_folder_that_makes_opencode_wait_is_told(ctx: Context, home: Path) -> None:
    install.install(ctx, "opencode")
    assert finding(ctx, "opencode-start").state == "ok"

    (home / ".config/opencode/node_modules").rmdir()

    assert "waits 75 s at its start" in finding(ctx, "opencode-start").message


def test_no_check_ever_shows_a_secret(ctx: Context) -> None:
    write_json(ctx.paths.auth, {"providers": {"openrouter": {"apiKey": "sk-or-secret-value"}}})

    shown = str(doctor.run(ctx))

    assert "gsk_secret_value" not in shown
    assert "sk-or-secret-value" not in shown


def test_the_command_prints_the_agreed_document_and_ends_with_one_on_a_failure(
    home: Path, tmp_path: Path
) -> None:
    env = {
        "HOME": str(home),
        "PATH": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pf_tui", "doctor", "--json"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    content = json.loads(done.stdout)
    assert done.returncode == 1
    assert content["ok"] is False
    assert [check["id"] for check in content["checks"]] == [check.id for check in doctor.CHECKS]
    assert set(content["checks"][0]) == {"id", "state", "message", "fix"}
