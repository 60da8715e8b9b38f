"""auth: keys in from stdin or a prompt, never from argv; kept, read back, found, given out, never shown."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import click
import keyring
import pytest
from keyring.backend import KeyringBackend

from pf_tui.state.paths import Paths

from .conftest import Pf

KEY = "sk-test-0123456789abcdef"


class MemoryKeyring(KeyringBackend):
    """A keyring that works."""

    priority: ClassVar[float] = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[username]


class Forgetful(MemoryKeyring):
    """Takes everything, keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    kept = MemoryKeyring()
    keyring.set_keyring(kept)
    yield kept
    keyring.set_keyring(before)


def everything_written(paths: Paths) -> str:
    return "\n".join(
        path.read_bytes().decode("utf-8", "replace") for path in paths.home.rglob("*") if path.is_file()
    )


def test_a_key_goes_from_stdin_into_the_keyring_and_nowhere_else(
    pf: Pf, ring: MemoryKeyring, paths: Paths
) -> None:
    answer = pf("auth", "set", "together", "--stdin", stdin=f"{KEY}\n".encode())

    assert answer.code == 0
    assert answer.out == "the key of together is kept in the keyring; `pf-tui auth check together` tries it\n"
    assert ring.kept == {"together": KEY}
    assert KEY not in everything_written(paths)
    assert json.loads(paths.config.read_text())["pf"]["keyring"] == ["together"]
    provider = pf("auth", "status", "together", "--json").json["providers"][0]
    assert (provider["auth"]["state"], provider["auth"]["source"]) == ("present", "keyring")


def test_a_key_given_as_a_word_is_no_key(pf: Pf, ring: MemoryKeyring) -> None:
    answer = pf("auth", "set", "together", KEY)

    assert answer.code == 2
    assert ring.kept == {}


def test_a_prompt_hides_the_key(pf: Pf, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def prompt(text: str, **options: Any) -> str:
        asked.append({"text": text, **options})
        return f" {KEY} "

    monkeypatch.setattr(click, "prompt", prompt)

    answer = pf("auth", "set", "together", tty=True)

    assert answer.code == 0
    assert asked == [{"text": "key of together", "hide_input": True, "err": True}]
    assert ring.kept == {"together": KEY}
    assert KEY not in answer.out + answer.err


def test_without_a_terminal_there_is_nobody_to_ask(pf: Pf) -> None:
    answer = pf("auth", "set", "together")

    assert answer.code == 2
    assert answer.err == (
        "pf-tui: there is no terminal to ask for the key\n        `pf-tui auth set together --stdin`\n"
    )


def test_a_machine_without_keyring_offers_the_file_and_stores_nothing(pf: Pf, paths: Paths) -> None:
    refused = pf("auth", "set", "together", "--stdin", stdin=KEY.encode())
    stored = paths.auth.exists()
    kept = pf("auth", "set", "together", "--stdin", "--file", stdin=KEY.encode())

    assert refused.code == 1
    assert "this machine has no keyring that keeps keys" in refused.err
    cure = "`pf-tui auth set together --file` keeps it in auth.json, readable by you alone (0600)"
    assert cure in refused.err
    assert not stored
    assert kept.code == 0
    assert kept.out.startswith("the key of together is kept in auth.json")
    assert stat.S_IMODE(paths.auth.stat().st_mode) == 0o600
    assert json.loads(paths.auth.read_text())["providers"]["together"]["apiKey"] == KEY


def test_a_keyring_that_forgets_is_found_out_by_reading_back(pf: Pf, paths: Paths) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Forgetful())
    try:
        answer = pf("auth", "set", "together", "--stdin", stdin=KEY.encode())
    finally:
        keyring.set_keyring(before)

    assert answer.code == 1
    assert "took the key and did not give it back; nothing counts as stored" in answer.err
    assert "together" not in (json.loads(paths.config.read_text()) if paths.config.exists() else {}).get(
        "pf", {}
    ).get("keyring", [])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        pytest.param(b"two words\n", "white space or control characters inside", id="two-words"),
        pytest.param(b"line\nline\n", "white space or control characters inside", id="two-lines"),
        pytest.param(b"k\x1b[31m", "white space or control characters inside", id="escape"),
        pytest.param(b"\xff\xfe", "stdin holds no text", id="no-text"),
        pytest.param(b"k" * 70_000, "more than a key", id="too-long"),
        pytest.param(b"\n", "the key is empty", id="empty"),
    ],
)
def test_what_is_no_key_is_not_stored(pf: Pf, ring: MemoryKeyring, given: bytes, sentence: str) -> None:
    answer = pf("auth", "set", "together", "--stdin", stdin=given)

    assert answer.code in (1, 2)
    assert sentence in answer.err
    assert ring.kept == {}


def test_import_moves_every_key_and_leaves_the_rest_of_the_file(
    pf: Pf, ring: MemoryKeyring, write: Callable[[str, Any], Path]
) -> None:
    write(
        "auth.json",
        {
            "providers": {
                "together": {"apiKey": KEY},
                "mistral-api": {"apiKey": "sk-2", "note": "mine"},
                "openai-oauth": {
                    "accessToken": "at",
                    "refreshToken": "rt",
                    "expiresAt": "2027-01-01T00:00:00Z",
                },
            },
            "defaultPreference": "subscription",
        },
    )

    answer = pf("auth", "import", "--json")

    assert set(answer.json["imported"]) >= {"together", "mistral-api"}
    assert ring.kept["together"] == KEY
    assert KEY not in answer.out


def test_only_what_pf_tui_keeps_is_removed(pf: Pf, ring: MemoryKeyring) -> None:
    pf("auth", "set", "together", "--stdin", stdin=KEY.encode())

    removed = pf("auth", "remove", "together")
    foreign = pf("auth", "remove", "groq")

    assert removed.out == "the key of together was deleted from the keyring\n"
    assert ring.kept == {}
    assert foreign.code == 1
    assert "its credential is env:GROQ_API_KEY, which is not ours to delete" in foreign.err


def test_wide_permissions_of_auth_json_are_repaired_and_told(
    pf: Pf, write: Callable[[str, Any], Path]
) -> None:
    file = write("auth.json", {"providers": {"together": {"apiKey": KEY}}})
    file.chmod(0o644)

    answer = pf("auth", "status")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "auth.json" in answer.err
    assert KEY not in answer.out + answer.err


def test_a_bare_github_token_is_only_maybe_copilot(pf: Pf) -> None:
    provider = pf("auth", "status", "github-copilot", "--json", env={"GITHUB_TOKEN": "ghp_x"}).json[
        "providers"
    ][0]

    assert provider["auth"]["state"] == "unknown"
    assert provider["usable"] is False


def test_no_document_or_view_ever_holds_a_key(
    pf: Pf, ring: MemoryKeyring, write: Callable[[str, Any], Path]
) -> None:
    write("auth.json", {"providers": {"mistral-api": {"apiKey": "sk-mistral-secret"}}})
    pf("auth", "set", "together", "--stdin", stdin=KEY.encode())
    secrets = [KEY, "sk-mistral-secret", "k-openrouter", "k-anthropic", "k-groq"]

    told = ""
    for words in (("auth",), ("status",), ("why",), ("events",), ("limits",), ("priority",), ("analytics",)):
        for more in ((), ("--json",)):
            answer = pf(*words, *more)
            told += answer.out + answer.err

    assert [secret for secret in secrets if secret in told] == []


class TestHelper:
    """What Claude Code's apiKeyHelper gets."""

    def test_the_key_of_the_vendor_when_nothing_is_set(self, pf: Pf) -> None:
        answer = pf("auth", "helper")

        assert (answer.code, answer.out, answer.err) == (0, "k-anthropic\n", "")

    def test_the_key_of_the_address_in_the_settings(self, pf: Pf, project: Path) -> None:
        settings = project / ".claude" / "settings.local.json"
        settings.parent.mkdir()
        settings.write_text(json.dumps({"env": {"ANTHROPIC_BASE_URL": "https://openrouter.ai/api"}}))

        assert pf("auth", "helper").out == "k-openrouter\n"

    def test_no_key_for_an_address_of_nobody(self, pf: Pf) -> None:
        answer = pf("auth", "helper", env={"ANTHROPIC_BASE_URL": "https://evil.example"})

        assert answer.code == 1
        assert answer.out == ""
        assert "https://evil.example belongs to no provider; no key was given" in answer.err

    def test_the_loopback_token_for_our_own_gateway(self, pf: Pf, write: Callable[[str, Any], Path]) -> None:
        write(
            "gateway.json", {"pid": 1, "port": 4100, "token": "loop-token", "since": "2026-11-24T12:00:00Z"}
        )

        assert pf("auth", "helper", env={"ANTHROPIC_BASE_URL": "http://127.0.0.1:4100"}).out == "loop-token\n"
        assert pf("auth", "helper", env={"ANTHROPIC_BASE_URL": "http://127.0.0.1:4101"}).code == 1

    def test_a_provider_can_be_named(self, pf: Pf) -> None:
        assert pf("auth", "helper", "groq").out == "k-groq\n"
        assert pf("auth", "helper", "together").code == 1
        assert pf("auth", "helper", "nosuch").code == 3
