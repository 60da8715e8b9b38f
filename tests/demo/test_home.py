"""The demo's home: believable, closed off, and gone afterwards."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pf_tui import auth_check, snapshot
from pf_tui.demo import home, scenario, session, temporary_home
from pf_tui.state.context import Context


@pytest.fixture
def still() -> Iterator[Context]:
    """The home as it is made, nobody playing."""
    with temporary_home(play=False) as ctx:
        yield ctx


def test_the_first_look_shows_who_serves_and_who_is_next(still: Context) -> None:
    now = snapshot.take(still)

    assert now.problems == ()
    assert now.active is not None
    assert (now.active.provider, now.active.model) == ("anthropic-subscription", scenario.MODEL)
    assert now.next is not None
    assert now.next.provider == "openrouter"
    assert [view.id for view in now.providers[: len(scenario.PRIORITY)]] == list(scenario.PRIORITY)


def test_every_state_a_newcomer_should_know_is_on_screen(still: Context) -> None:
    states = {view.id: view.state for view in snapshot.take(still).providers}

    assert states["anthropic-subscription"] == "ready"
    assert states["openai-subscription"] == "exhausted"
    assert states["bedrock"] == "benched"
    assert states["github-copilot"] == "no-credential"


def test_the_last_days_have_events_and_today_has_cost(still: Context) -> None:
    now = snapshot.take(still)

    assert {"failover", "priority", "limit", "bench"} <= {event.action for event in now.events}
    assert now.today.requests > 0
    assert (now.today.cost_usd or 0) > 0


def test_files_with_keys_are_readable_by_their_owner_only(still: Context) -> None:
    for path in (still.paths.auth, Path(still.env["HOME"]) / ".claude" / ".credentials.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_of_the_person_goes_into_the_demo() -> None:
    outside = {
        "HOME": "/home/someone",
        "PATH": "/usr/bin",
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "ANTHROPIC_API_KEY": "k",
        "GITHUB_TOKEN": "k",
        "OPENROUTER_API_KEY": "k",
        "CLAUDE_CONFIG_DIR": "/home/someone/.claude",
        "PROVIDER_FALLBACK_HOME": "/home/someone/state",
        "XDG_DATA_HOME": "/home/someone/share",
    }

    world = home.environment(Path("/demo"), outside)

    assert world == {
        "HOME": "/demo",
        "PATH": "/usr/bin",
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "AWS_PROFILE": "demo",
        "PROVIDER_FALLBACK_HOME": "/demo/.opencode/provider-fallback",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "all_proxy": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "no_proxy": "127.0.0.1,localhost,::1",
    }


@pytest.mark.parametrize("provider", scenario.IN_AUTH_JSON)
def test_trying_a_key_of_the_demo_reaches_nobody(still: Context, provider: str) -> None:
    checked = auth_check.check(still, provider)

    assert not checked.ok
    assert checked.status is None
    assert "refused" in checked.message


def test_the_process_itself_lives_in_the_demo_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "the-person's")
    before = dict(os.environ)

    with temporary_home(play=False) as ctx:
        inside = dict(os.environ)

    assert inside == dict(ctx.env)
    assert "OPENROUTER_API_KEY" not in inside
    assert dict(os.environ) == before


def test_everything_is_deleted_also_when_the_dashboard_fails() -> None:
    folders = []

    def fail() -> None:
        with temporary_home(play=False) as ctx:
            folders.append(Path(ctx.env["HOME"]))
            raise RuntimeError("the dashboard")

    with pytest.raises(RuntimeError, match="the dashboard"):
        fail()

    assert folders
    assert not folders[0].exists()


def test_a_folder_that_is_no_demo_is_never_deleted(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    session.remove(tmp_path)

    assert (tmp_path / "thesis.txt").read_text() == "years of work"
