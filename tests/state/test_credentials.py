"""Credentials: where each was seen, never what it is; a write is read back before it counts."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend

from pf_tui import snapshot
from pf_tui.actions import auth
from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.rules import failures
from pf_tui.state import credentials
from pf_tui.state.context import Context
from pf_tui.state.secret import Secret
from tests.keyrings import MemoryKeyring

KEY = "sk-test-0123456789abcdef"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

Make = Callable[..., Context]


class ForgetfulKeyring(MemoryKeyring):
    """Takes everything, keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class BrokenKeyring(MemoryKeyring):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"no bus for {password}")


@pytest.fixture
def use_keyring() -> Any:
    old = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(old)


def login(home: Path, name: str, content: dict[str, Any]) -> None:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def test_the_environment_is_named_by_its_variable(context: Make) -> None:
    found = context(env={"GROQ_API_KEY": KEY}).credentials()["groq"]

    assert (found.state, found.source) == ("present", "env:GROQ_API_KEY")


def test_an_empty_variable_is_no_credential(context: Make) -> None:
    assert context(env={"GROQ_API_KEY": ""}).credentials()["groq"].state == "missing"


def test_a_pair_counts_only_when_it_is_whole(context: Make) -> None:
    half = context(env={"AWS_ACCESS_KEY_ID": "a"}).credentials()["bedrock"]
    whole = context(env={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}).credentials()["bedrock"]

    assert (half.state, whole.state) == ("missing", "present")


def test_a_bare_github_token_is_only_maybe_copilot(context: Make) -> None:
    ctx = context(env={"GITHUB_TOKEN": "ghp_x"})

    found = ctx.credentials()["github-copilot"]

    assert (found.state, found.source) == ("unknown", "env:GITHUB_TOKEN")
    assert snapshot.take(ctx).active is None


@pytest.mark.parametrize(
    ("expires", "refresh", "state", "usable"),
    [
        pytest.param(datetime(2026, 11, 24, 13, tzinfo=UTC), None, "present", True, id="valid"),
        pytest.param(datetime(2026, 11, 24, 11, tzinfo=UTC), None, "expired", False, id="expired"),
        pytest.param(datetime(2026, 11, 24, 11, tzinfo=UTC), "r", "expired", True, id="the-agent-renews-it"),
    ],
)
def test_claudes_own_login_is_seen_with_its_expiry(
    context: Make, home: Path, expires: datetime, refresh: str | None, state: str, usable: bool
) -> None:
    oauth = {"accessToken": KEY, "refreshToken": refresh, "expiresAt": int(expires.timestamp() * 1000)}
    login(home, ".claude/.credentials.json", {"claudeAiOauth": oauth})

    found = context().credentials()["anthropic-subscription"]

    assert (found.state, found.usable, found.expires_at) == (state, usable, expires)
    assert found.source == "login:~/.claude/.credentials.json"
    assert found.agent == "claude-code"


def test_opencodes_logins_are_told_apart_by_their_kind(context: Make, home: Path) -> None:
    login(
        home,
        ".local/share/opencode/auth.json",
        {
            "anthropic": {"type": "api", "key": KEY},
            "openai": {"type": "oauth", "access": KEY, "refresh": "r", "expires": 1},
        },
    )

    found = context().credentials()

    assert found["anthropic-api"].state == "present"
    assert found["anthropic-subscription"].state == "missing"
    assert found["openai-api"].state == "missing"
    assert found["openai-oauth"].usable
    assert found["anthropic-api"].agent == "opencode"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", '{"claudeAiOauth": 7}', '{"claudeAiOauth": {"accessToken": null}}']
)
def test_a_strange_login_file_is_just_no_login(context: Make, home: Path, text: str) -> None:
    (home / ".claude").mkdir()
    (home / ".claude" / ".credentials.json").write_text(text)

    assert context().credentials()["anthropic-subscription"].state == "missing"


def test_a_key_of_the_original_plugin_is_used(context: Make) -> None:
    ctx = context()
    ctx.paths.home.mkdir(parents=True)
    ctx.paths.auth.write_text(json.dumps({"providers": {"groq": {"apiKey": KEY}}}))

    assert ctx.credentials()["groq"].source == "auth.json"
    secret = credentials.secret_for(
        ctx.catalog().provider("groq"), ctx.paths, ctx.config(), ctx.env, to="https://api.groq.com/openai/v1"
    )
    assert secret is not None
    assert secret.reveal() == KEY


def test_a_broken_auth_file_is_named_and_never_overwritten(context: Make) -> None:
    ctx = context()
    ctx.paths.home.mkdir(parents=True)
    ctx.paths.auth.write_text('{"providers": {')

    with pytest.raises(StateFileUnusable, match=r"auth\.json line 1"):
        auth.set_key(ctx, "groq", Secret(KEY), in_file=True)

    assert ctx.paths.auth.read_text() == '{"providers": {'


def test_a_key_goes_into_the_keyring_and_config_lists_the_provider(context: Make, use_keyring: Any) -> None:
    use_keyring(MemoryKeyring())
    ctx = context()

    assert auth.set_key(ctx, "groq", Secret(KEY)) == "keyring"

    assert ctx.config().keyring == ("groq",)
    assert ctx.credentials()["groq"].source == "keyring"
    assert not any(KEY in path.read_text() for path in ctx.paths.home.iterdir() if path.is_file())
    assert auth.remove_key(ctx, "groq") == ("keyring",)
    assert ctx.credentials()["groq"].state == "missing"


@pytest.mark.parametrize(
    ("backend", "sentence"),
    [
        pytest.param(ForgetfulKeyring(), "the keyring took the key and did not give it back", id="forgets"),
        pytest.param(BrokenKeyring(), r"the keyring does not answer \(RuntimeError\)", id="raises"),
    ],
)
def test_a_keyring_that_keeps_nothing_is_not_believed(
    context: Make, use_keyring: Any, backend: KeyringBackend, sentence: str
) -> None:
    use_keyring(backend)
    ctx = context()

    with pytest.raises(PfError, match=sentence) as caught:
        auth.set_key(ctx, "groq", Secret(KEY))

    assert "--file" in caught.value.hint
    assert KEY not in str(caught.value)
    assert ctx.config().keyring == ()


@pytest.mark.parametrize("name", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring"])
def test_a_machine_without_a_keyring_offers_the_file(context: Make, use_keyring: Any, name: str) -> None:
    use_keyring(keyring.core.load_keyring(name))
    ctx = context()

    with pytest.raises(PfError, match="this machine has no keyring that keeps keys") as caught:
        auth.set_key(ctx, "groq", Secret(KEY))
    assert "--file" in caught.value.hint

    assert auth.set_key(ctx, "groq", Secret(KEY), in_file=True) == "auth.json"
    assert ctx.paths.auth.stat().st_mode & 0o777 == 0o600
    assert ctx.credentials()["groq"].state == "present"


def test_import_moves_every_key_into_the_keyring(context: Make, use_keyring: Any) -> None:
    use_keyring(MemoryKeyring())
    ctx = context()
    ctx.paths.home.mkdir(parents=True)
    ctx.paths.auth.write_text(
        json.dumps(
            {
                "defaultPreference": "subscription",
                "providers": {"groq": {"apiKey": KEY}, "xai-api": {"clientId": "c"}},
            }
        )
    )

    assert auth.import_keys(ctx) == ("groq",)

    content = json.loads(ctx.paths.auth.read_text())
    assert content == {"defaultPreference": "subscription", "providers": {"xai-api": {"clientId": "c"}}}
    assert ctx.credentials()["groq"].source == "keyring"


def test_a_new_key_lifts_the_bench_of_a_refused_one(context: Make, use_keyring: Any) -> None:
    from pf_tui import actions

    use_keyring(MemoryKeyring())
    ctx = context(env={"GROQ_API_KEY": "old"})
    actions.report_failure(ctx, "groq", failures.reported("auth", forever=True), evidence={"status": 401})

    auth.set_key(ctx, "groq", Secret(KEY))

    assert ctx.health().benches == ()


def test_wide_permissions_are_repaired_and_told(context: Make) -> None:
    ctx = context()
    ctx.paths.home.mkdir(parents=True)
    ctx.paths.auth.write_text("{}")
    ctx.paths.auth.chmod(0o644)

    assert credentials.repair_permissions(ctx.paths) == (
        "auth.json was readable by others (0644); it is 0600 now",
    )
    assert ctx.paths.auth.stat().st_mode & 0o777 == 0o600
    assert credentials.repair_permissions(ctx.paths) == ()


def test_a_secret_cannot_be_printed_or_pickled() -> None:
    secret = Secret(KEY)

    for shown in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>40}",
        json.dumps([str(secret)]),
    ):
        assert KEY not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
