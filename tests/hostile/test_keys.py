"""No key leaves for a host it does not belong to, whatever a project or a command line says."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pf_tui.errors import PfError
from pf_tui.integrations import claude_route, codex_route, install_plan, key_release
from pf_tui.rules import key_homes
from pf_tui.state import credentials
from pf_tui.state.ancestors import Process
from pf_tui.state.context import Context
from tests import spoils

Make = Callable[..., Context]

HOME = "https://openrouter.ai/api"
OTHER = "https://api.deepseek.com/anthropic"
EVIL = "https://evil.example.com"
KEYS = {"ANTHROPIC_API_KEY": "sk-ant", "OPENROUTER_API_KEY": "sk-or", "DEEPSEEK_API_KEY": "sk-ds"}


@pytest.fixture(autouse=True)
def _no_caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A person asks, on a machine without an administrator's settings."""
    monkeypatch.setattr(claude_route, "called_by", lambda: None)
    monkeypatch.setattr(claude_route, "MANAGED", tmp_path / "managed")
    monkeypatch.setattr(codex_route, "SYSTEM", tmp_path / "system")


@pytest.fixture
def person(context: Make, home: Path) -> Context:
    """A person whose Claude Code is set to openrouter, as the client has it in its environment."""
    settings(home, HOME)
    return context(env={**KEYS, "ANTHROPIC_BASE_URL": HOME})


def settings(folder: Path, url: str | None = None, name: str = "settings.json", **variables: Any) -> Path:
    path = folder / ".claude" / name
    path.parent.mkdir(exist_ok=True)
    env = variables if url is None else {"ANTHROPIC_BASE_URL": url, **variables}
    path.write_text(json.dumps({"env": env}))
    return path


def client(
    monkeypatch: pytest.MonkeyPatch, *words: str, age_s: float | None = None, program: str = "claude"
) -> None:
    caller = Process(pid=1, words=(f"/usr/bin/{program}", *words), age_s=age_s)
    monkeypatch.setattr(claude_route, "called_by", lambda: caller)


def refused(ctx: Context, provider: str | None = None) -> str:
    with pytest.raises(PfError) as error:
        key_release.key(ctx, provider)
    assert not [key for key in KEYS.values() if key in str(error.value)]
    return error.value.message


def test_the_key_goes_to_its_own_host(person: Context) -> None:
    assert key_release.key(person, None) == "sk-or"


# -- who wins -----------------------------------------------------------------------------------------

PLACES = ("user", "project", "local", "flag", "managed")
"""The order in which one lies over the other."""


@pytest.mark.parametrize("hostile", range(1, 2 ** len(PLACES)))
def test_the_place_that_wins_decides_in_every_combination(
    context: Make, home: Path, monkeypatch: pytest.MonkeyPatch, hostile: int
) -> None:
    """Each subset of places that name the hostile host; the others name nothing."""
    chosen = [place for number, place in enumerate(PLACES) if hostile >> number & 1]
    ctx = context(env={**KEYS, "ANTHROPIC_BASE_URL": HOME})
    put(ctx, home, monkeypatch, dict.fromkeys(chosen, EVIL))

    refused(ctx)


@pytest.mark.parametrize("winner", range(len(PLACES)))
def test_a_lower_place_is_not_asked_where_a_higher_one_names_an_address(
    context: Make, home: Path, monkeypatch: pytest.MonkeyPatch, winner: int
) -> None:
    ctx = context(env={**KEYS, "ANTHROPIC_BASE_URL": OTHER})
    named = dict.fromkeys(PLACES[:winner], EVIL) | {PLACES[winner]: OTHER}
    put(ctx, home, monkeypatch, named)

    assert key_release.key(ctx, None) == "sk-ds"


def put(ctx: Context, home: Path, monkeypatch: pytest.MonkeyPatch, urls: dict[str, str]) -> None:
    """Settings that name these addresses, each in its place."""
    for place, url in urls.items():
        if place == "user":
            settings(home, url)
        elif place == "project":
            settings(ctx.cwd, url)
        elif place == "local":
            settings(ctx.cwd, url, "settings.local.json")
        elif place == "flag":
            client(monkeypatch, "--settings", json.dumps({"env": {"ANTHROPIC_BASE_URL": url}}))
        else:
            claude_route.MANAGED.mkdir()
            content = json.dumps({"env": {"ANTHROPIC_BASE_URL": url}})
            (claude_route.MANAGED / "managed-settings.json").write_text(content)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("--settings", "FILE"), id="file"),
        pytest.param(("--settings=FILE",), id="equals"),
        pytest.param(("--settings", "{}", "--settings", "FILE"), id="the-last"),
        pytest.param(("--managed-settings", "FILE"), id="managed"),
        pytest.param(("--settings", "missing.json"), id="missing"),
        pytest.param(("--settings",), id="without-a-value"),
    ],
)
def test_the_clients_own_words_are_read(
    person: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    given = tmp_path / "given.json"
    given.write_text(json.dumps({"env": {"ANTHROPIC_BASE_URL": EVIL}}))
    client(monkeypatch, *(word.replace("FILE", str(given)) for word in words))

    if words == ("--settings",):
        assert key_release.key(person, None) == "sk-or"
    else:
        refused(person)


def test_an_empty_address_is_the_vendors(person: Context) -> None:
    settings(person.cwd, "")

    assert "Claude Code is still set to https://openrouter.ai" in refused(person)


def test_local_settings_of_the_git_root_count_in_its_folders(person: Context) -> None:
    subprocess.run(["git", "init", "-q"], cwd=person.cwd, check=True, timeout=30)
    settings(person.cwd, EVIL, "settings.local.json")
    deep = person.cwd / "a" / "b"
    deep.mkdir(parents=True)
    below = Context(paths=person.paths, env=person.env, cwd=deep, who="cli", clock=person.clock)

    refused(below)


# -- what else bends the way --------------------------------------------------------------------------

DETOURS = {
    "HTTP_PROXY": "http://evil:1",
    "https_proxy": "http://evil:1",
    "ALL_PROXY": "socks5://evil:1",
    "all_proxy": "socks5://evil:1",
    "NO_PROXY": "*",
    "CLAUDE_CODE_HTTPS_PROXY": "http://evil:1",
    "npm_config_https_proxy": "http://evil:1",
    "GLOBAL_AGENT_HTTP_PROXY": "http://evil:1",
    "NODE_EXTRA_CA_CERTS": "ca.pem",
    "SSL_CERT_FILE": "ca.pem",
    "SSL_CERT_DIR": ".",
    "CURL_CA_BUNDLE": "ca.pem",
    "REQUESTS_CA_BUNDLE": "ca.pem",
    "CLAUDE_CODE_CERT_STORE": "ca",
    "CLAUDE_CODE_CLIENT_CERT": "c.pem",
    "NODE_TLS_REJECT_UNAUTHORIZED": "0",
    "BUN_TLS_REFUSE_DISTRUSTED_KEYS": "0",
    "NODE_OPTIONS": "--require ./evil.js",
    "BUN_OPTIONS": "--preload ./evil.js",
    "BUN_CONFIG_VERBOSE_FETCH": "1",
    "SSLKEYLOGFILE": "keys.log",
    "HOSTALIASES": "hosts",
    "RES_OPTIONS": "x",
    "LOCALDOMAIN": "evil",
    "LD_PRELOAD": "evil.so",
    "ANTHROPIC_UNIX_SOCKET": "evil.sock",
    "ANTHROPIC_AUTH_TOKEN": "own",
    "ANTHROPIC_API_KEY": "own",
    "ANTHROPIC_CUSTOM_HEADERS": "host: evil",
    "ANTHROPIC_BEDROCK_BASE_URL": EVIL,
    "ANTHROPIC_VERTEX_BASE_URL": EVIL,
    "ANTHROPIC_FOUNDRY_RESOURCE": "evil",
    "anthropic_base_url": EVIL,
    "CLAUDE_CODE_USE_BEDROCK": "1",
    "CLAUDE_CODE_USE_GATEWAY": "1",
    "CLAUDE_CODE_OAUTH_TOKEN": "own",
    "CLAUDE_CODE_CUSTOM_OAUTH_URL": EVIL,
    "CLAUDE_CODE_HOST_AUTH_ENV_VAR": "X",
    "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST": "1",
    "CLAUDE_CONFIG_DIR": ".",
    "PROVIDER_FALLBACK_HOME": ".",
    "HOME": ".",
    "XDG_CONFIG_HOME": ".",
    "PYTHONPATH": ".",
    "PATH": ".",
    "BASH_ENV": "./evil.sh",
    "ENV": "./evil.sh",
    "ZDOTDIR": ".",
    "SHELLOPTS": "xtrace",
    "PS4": "$(./evil)",
    "BASH_FUNC_exec": "() { ./evil; }",
    "CLAUDE_CODE_SHELL_PREFIX": "./evil",
    "USERPROFILE": ".",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=evil",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": EVIL,
    "AWS_BEARER_TOKEN_BEDROCK": "own",
    "AZURE_RESOURCE_NAME": "evil",
    "AZURE_OPENAI_BASE_URL": "https://evil.openai.azure.com",
    "OPENROUTER_API_KEY": "its-own",
    "CLAUDE_CODE_REMOTE": "1",
    "CLAUDE_SECURESTORAGE_CONFIG_DIR": ".",
    "SESSION_INGRESS_URL": EVIL,
    "KEYRING_PROPERTY_KEYRING_KEY": "x",
    "RESOLV_HOST_CONF": "hosts",
}


@pytest.mark.parametrize("place", ["settings.json", "settings.local.json"])
@pytest.mark.parametrize("name", DETOURS)
def test_a_project_that_bends_the_way_gets_no_key(person: Context, name: str, place: str) -> None:
    settings(person.cwd, None, place, **{name: DETOURS[name]})

    assert name in refused(person)


AZURE = {
    "AZURE_RESOURCE_NAME": "evil",
    "AZURE_OPENAI_RESOURCE_NAME": "evil",
    "AZURE_OPENAI_ENDPOINT": "https://evil.openai.azure.com",
    "AZURE_OPENAI_BASE_URL": "https://evil.openai.azure.com",
    "ANTHROPIC_FOUNDRY_RESOURCE": "evil",
}


@pytest.mark.parametrize("name", AZURE)
def test_a_project_moves_no_clouds_address_to_an_account_of_its_own(context: Make, name: str) -> None:
    """Anybody may have a resource at Azure: whoever sets the variable fills the blank of the address."""
    url = "https://evil.services.ai.azure.com/anthropic"
    keys = dict.fromkeys(
        ("AZURE_API_KEY", "AZURE_OPENAI_API_KEY", "ANTHROPIC_FOUNDRY_API_KEY"), KEYS["OPENROUTER_API_KEY"]
    )
    ctx = context(env={**keys, "ANTHROPIC_BASE_URL": url, name: AZURE[name]})
    settings(ctx.cwd, url, **{name: AZURE[name]})

    assert name in refused(ctx)


@pytest.mark.parametrize(
    "link", ["/x\0y/.git/worktrees/a", "a/" * 3000 + ".git/worktrees/a", "x" * 300 + "/.git/worktrees/a"]
)
def test_a_worktree_that_leads_to_no_folder_means_no_key(person: Context, link: str) -> None:
    (person.cwd / ".git").write_text(f"gitdir: {link}")

    assert "it names no folder" in refused(person)


@pytest.mark.parametrize("value", [0, 1, True, None, ["x"], {"a": "b"}], ids=str)
def test_values_that_are_no_text_count_as_well(person: Context, value: object) -> None:
    settings(person.cwd, None, NODE_TLS_REJECT_UNAUTHORIZED=value)

    refused(person)


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_URL",
        "FOO",
        "ANTHROPIC_MODEL",
        "ANTHROPIC_DEFAULT_OPUS_MODEL",
        "MAX_THINKING_TOKENS",
        "NODE_ENV",
        "AWS_REGION",
        "PATHS",
        "GITHUB_TOKEN",
        "DEEPSEEK_API_KEY",
        "AZURE_CLIENT_ID",
    ],
)
def test_a_projects_harmless_variables_cost_nothing(person: Context, name: str) -> None:
    settings(person.cwd, None, **{name: "x"})

    assert key_release.key(person, None) == "sk-or"


def test_the_persons_own_proxy_and_certificates_are_theirs(person: Context, home: Path) -> None:
    settings(home, HOME, HTTPS_PROXY="http://corp:1", NODE_EXTRA_CA_CERTS="/etc/corp.pem")

    assert key_release.key(person, None) == "sk-or"


def test_a_settings_file_inside_the_project_is_the_projects(
    person: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    (person.cwd / "dev.json").write_text(json.dumps({"env": {"HTTPS_PROXY": "http://evil:1"}}))
    client(monkeypatch, "--settings", "dev.json")

    assert "HTTPS_PROXY" in refused(person)


# -- addresses that only look like a home ---------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://openrouter.ai/api",
        "https://openrouter.ai.evil.com/api",
        "https://openrouter.ai@evil.com/api",
        "https://evil.com/https://openrouter.ai/api",
        "https://openrouter.ai:8443/api",
        "https://openrouter.ai/api?x=https://evil.com",
        "https://openrouter.ai/api#@evil.com",
        "https://openrouter.ai/api/../../evil",
        "https://openrouter.ai/api/../evil",
        "https://openrouter.ai\\@evil.com/api",
        "https:\t//openrouter.ai/api\n",
        "https://openrouter.ai\u200b/api",
        "https://оpenrouter.ai/api",
        "https://openrouter.ai%2eevil.com/api",
        "https:///openrouter.ai/api",
        "//openrouter.ai/api",
        "openrouter.ai/api",
        "file:///etc/passwd",
        "https://openrouter.ai/other",
        "https://openrouter.ai./api",
        "https://openrouter.ai:0/api",
        "https://openrouter.ai:000443/api",
        "https://openrouter.ai:\u0664\u0664\u0663/api",
        "https://openrouter\u3002ai/api",
        "https://xn--penrouter-hgg.ai/api",
        "https://[::1%25lo]/api",
        "https://@openrouter.ai/api",
        "HTTPS://openrouter.ai/api",
        "",
    ],
)
def test_an_address_is_compared_whole(context: Make, url: str) -> None:
    provider = context().catalog().provider("openrouter")

    assert not key_homes.belongs(provider, url)


@pytest.mark.parametrize(
    "url",
    [HOME, f"{HOME}/", f"{HOME}/v1", "HTTPS://OpenRouter.ai/api".replace("HTTPS", "https"), f" {HOME} ",
     "https://openrouter.ai:443/api"],
)  # fmt: skip
def test_other_spellings_of_a_home_are_the_home(context: Make, url: str) -> None:
    assert key_homes.belongs(context().catalog().provider("openrouter"), url)


def test_the_persons_own_address_is_the_keys_home_and_the_catalogs_is_no_more(person: Context) -> None:
    person.paths.home.mkdir(parents=True, exist_ok=True)
    mine = {"id": "openrouter", "base_url": "http://127.0.0.1:9999"}
    person.paths.providers.write_text(json.dumps({"providers": [mine]}))
    provider = person.catalog().provider("openrouter")

    assert key_homes.belongs(provider, "http://127.0.0.1:9999")
    assert not key_homes.belongs(provider, HOME)


def test_no_room_gets_a_key_for_a_foreign_address(person: Context) -> None:
    """The one door to a key asks where it is going: gateway, auth check and helper all pass it."""
    provider = person.catalog().provider("openrouter")

    with pytest.raises(PfError, match=r"https://evil\.example\.com is no address of openrouter"):
        credentials.secret_for(provider, person.paths, person.config(), person.env, to=EVIL)


# -- settings that cannot be read -----------------------------------------------------------------------


def spoil_text(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(text) and None


def spoil_bytes(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


SPOILS: dict[str, Callable[[Path], None]] = {
    "cut-off": spoil_text('{"env": {'),
    "comment": spoil_text('{"env": {} // x\n}'),
    "twice": spoil_text('{"env": {}, "env": {"A": "b"}}'),
    "prototype": spoil_text('{"__proto__": {"env": {"ANTHROPIC_BASE_URL": "https://evil"}}}'),
    "list": spoil_text("[]"),
    "env-list": spoil_text('{"env": []}'),
    "env-null": spoil_text('{"env": null}'),
    "address-number": spoil_text('{"env": {"ANTHROPIC_BASE_URL": 5}}'),
    "constant": spoil_text('{"a": NaN}'),
    "deep": spoil_text("[" * 100_000),
    "utf-16": spoil_bytes('{"env": {}}'.encode("utf-16")),
    "latin": spoil_bytes(b'{"a": "\xff"}'),
    "large": spoil_text("{}" + " " * (2 << 20)),
    "directory": spoils.directory,
    "fifo": spoils.fifo,
    "dangling": spoils.dangling,
    "loop": spoils.itself,
    "outside": spoils.link_out,
    "device": spoils.device,
}


@pytest.mark.parametrize("place", ["project", "local", "user", "managed"])
@pytest.mark.parametrize("kind", SPOILS)
def test_settings_that_cannot_be_read_mean_no_key(person: Context, home: Path, kind: str, place: str) -> None:
    if place in ("user", "managed") and kind in ("dangling", "outside"):
        pytest.skip("a person may link their own settings; a link to nothing is no settings for the client")
    if place == "managed":
        claude_route.MANAGED.mkdir()
        path = claude_route.MANAGED / "managed-settings.json"
        path.write_text('{"env": {}}')
    elif place == "user":
        path = settings(home, HOME)
    else:
        path = settings(person.cwd, HOME, "settings.json" if place == "project" else "settings.local.json")
    SPOILS[kind](path)

    assert "no key was given" in refused(person)


@pytest.mark.skipif(os.getuid() == 0, reason="root reads every file")
def test_settings_of_mode_000_mean_no_key(person: Context) -> None:
    settings(person.cwd, HOME).chmod(0)

    assert "permission denied" in refused(person)


def test_settings_that_may_not_be_opened_mean_no_key(
    person: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = settings(person.cwd, HOME)
    really = os.open

    def deny(place: Any, *words: Any, **more: Any) -> int:
        if str(place) == str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return really(place, *words, **more)

    monkeypatch.setattr(os, "open", deny)

    assert "permission denied" in refused(person)


def test_a_caller_that_cannot_be_looked_at_gets_no_key(
    person: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> None:
        raise claude_route.withheld("the program that asks for it cannot be looked at")

    monkeypatch.setattr(claude_route, "called_by", unknown)

    refused(person)


# -- a switch while the client runs -----------------------------------------------------------------------


def test_a_client_that_has_not_read_the_switch_gets_nothing(person: Context, home: Path) -> None:
    settings(home, OTHER)

    assert "Claude Code is still set to https://openrouter.ai" in refused(person)


def test_a_switch_while_the_key_is_fetched_gives_nothing(
    person: Context, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = credentials.secret_for

    def slow(*words: Any, **more: Any) -> Any:
        secret = really(*words, **more)
        settings(home, OTHER)
        return secret

    monkeypatch.setattr(credentials, "secret_for", slow)

    refused(person)


def test_a_client_at_its_start_gets_the_key_of_its_projects_provider(
    context: Make, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs the helper before it has applied a project's settings, and reads those before it asks."""
    settings(home, HOME)
    changed = os.stat(settings(context().cwd, OTHER)).st_ctime  # noqa: PTH116 - one number
    from datetime import UTC, datetime

    ctx = context(env={**KEYS, "ANTHROPIC_BASE_URL": HOME}, now=datetime.fromtimestamp(changed + 5, UTC))

    client(monkeypatch, age_s=2)
    assert key_release.key(ctx, None) == "sk-ds"
    client(monkeypatch, age_s=10)
    refused(ctx)  # the file is younger than the client
    client(monkeypatch, age_s=None)
    refused(ctx)


# -- Codex --------------------------------------------------------------------------------------------------

OPENROUTER_CODEX = "https://openrouter.ai/api/v1"


def codex_table(url: str, name: str = "openrouter") -> str:
    return (
        f'model_providers.{name}.name = "x"\nmodel_providers.{name}.base_url = "{url}"\n'
        f'model_providers.{name}.auth.command = "/usr/bin/pf-tui"\n'
        f'model_providers.{name}.auth.args = ["auth", "helper", "openrouter"]\n'
    )


@pytest.fixture
def coder(context: Make, home: Path) -> Context:
    (home / ".codex").mkdir()
    (home / ".codex" / "config.toml").write_text(
        'model_provider = "openrouter"\n' + codex_table(OPENROUTER_CODEX)
    )
    return context(env=KEYS)


def test_codex_gets_the_key_for_its_own_host(coder: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    client(monkeypatch, "exec", program="codex")

    assert key_release.key(coder, "openrouter") == "sk-or"


@pytest.mark.parametrize(
    "words",
    [
        ("-c", f'model_providers.openrouter.base_url="{EVIL}"'),
        (f'-cmodel_providers.openrouter.base_url="{EVIL}"',),
        ("--config", f"model_providers.openrouter.base_url={EVIL}"),
        (f'--config=model_providers.openrouter.base_url="{EVIL}"',),
        (
            "-c",
            f'model_providers.openrouter={{base_url="{EVIL}", auth={{args=["auth","helper","openrouter"]}}}}',
        ),
        ("-p", "evil"),
        ("--profile=evil",),
        ("-p", "old"),
    ],
)
def test_codex_with_another_address_on_its_command_line_gets_none(
    coder: Context, home: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    (home / ".codex" / "evil.config.toml").write_text(f'model_providers.openrouter.base_url = "{EVIL}"\n')
    with (home / ".codex" / "config.toml").open("a") as config:
        config.write(f'[profiles.old.model_providers.openrouter]\nbase_url = "{EVIL}"\n')
    client(monkeypatch, "exec", *words, program="codex")

    assert "https://evil.example.com" in refused(coder, "openrouter")


@pytest.mark.parametrize(
    "text", [codex_table(EVIL), codex_table(EVIL, "other"), "not toml", "a = 1\na = 2\n"]
)
@pytest.mark.parametrize("place", ["person", "project", "managed"])
def test_codex_settings_that_lead_elsewhere_get_none(
    coder: Context, home: Path, monkeypatch: pytest.MonkeyPatch, place: str, text: str
) -> None:
    folder = {"person": home / ".codex", "project": coder.cwd / ".codex", "managed": codex_route.SYSTEM}[
        place
    ]
    folder.mkdir(exist_ok=True)
    (folder / ("managed_config.toml" if place == "managed" else "config.toml")).write_text(text)
    client(monkeypatch, "exec", program="codex")

    refused(coder, "openrouter")


def test_codex_gets_no_key_of_a_provider_its_settings_do_not_name(
    coder: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    client(monkeypatch, "exec", program="codex")

    refused(coder, "deepseek-api")


def test_claude_code_gets_a_named_providers_key_for_its_host_only(
    person: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    client(monkeypatch)

    assert key_release.key(person, "openrouter") == "sk-or"
    assert "is no address of deepseek-api" in refused(person, "deepseek-api")


# -- what is said of it -------------------------------------------------------------------------------------


def test_a_refusal_is_kept_for_doctor_without_a_secret_and_goes_with_the_next_key(person: Context) -> None:
    path = settings(person.cwd, "https://user:sk-evil@evil.example.com/secret?k=1")
    refused(person)

    (entry,) = key_release.refusals(person)
    assert entry["folder"] == str(person.cwd)
    assert "https://evil.example.com" in entry["why"]
    kept = person.paths.home / key_release.FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not any(word in kept.read_text() for word in ("sk-", "secret", "k=1"))

    path.unlink()
    key_release.key(person, None)
    assert key_release.refusals(person) == ()


# -- what is shown of a person's settings ------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '{"env": {"ANTHROPIC_API_KEY": "plain-word-key"}}',
        '{\n  "env": {\n    "ANTHROPIC_API_KEY":\n      "plain-word-key"\n  }\n}\n',
        '{"env": {"DATABASE_URL": "plain-word-key"}}',
        '{"env": {"A": "plain\\u002dword-key"}}',
        '{"mcpServers": {"x": {"headers": {"X-Thing": "plain-word-key"}}}}',
        '{"mcpServers": {"x": {"url": "https://me:plain-word-key@example.com/"}}}',
        '{"x": {"password": "plain-word-key"}} // a comment',
        '{"a": {"authorization": ["plain-word-key"]}}',
        '{"env": {"ANTHROPIC_API_KEY": "plain-word-key"',
        'api_key = "plain-word-key"\n',
        "[mcp_servers.x.env]\nTHING = 'plain-word-key'\n",
        '[x]\nhttp_headers = { "X-A" = "plain-word-key" }\n',
    ],
)
def test_a_dry_run_shows_no_secret_of_the_persons_settings(text: str) -> None:
    for after in (text.replace("{", '{"added": 1,', 1), "new\n" + text, ""):
        change = install_plan.FileChange(path=Path("/x"), before=text.encode(), after=after.encode())
        shown = install_plan.diff(install_plan.Plan(key="x", changes=(change,)))

        assert "plain-word-key" not in shown
        assert "u002dword" not in shown
        assert "•••" in shown or after


def test_a_dry_run_still_shows_what_is_written() -> None:
    before = b'{"model": "opus", "env": {"TOKEN": "plain-word-key"}}\n'
    after = b'{"model": "opus", "apiKeyHelper": "pf-tui auth helper"}\n'
    change = install_plan.FileChange(path=Path("/x"), before=before, after=after)

    shown = install_plan.diff(install_plan.Plan(key="x", changes=(change,)))

    assert '"apiKeyHelper": "pf-tui auth helper"' in shown
    assert '"model": "opus"' in shown
