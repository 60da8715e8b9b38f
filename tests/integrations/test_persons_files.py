"""The person's own files: every byte back, whatever was lost, moved, linked or shared in between."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import pytest

from pf_tui import actions, called
from pf_tui.actions import install
from pf_tui.errors import PfError
from pf_tui.integrations import apply, claude_settings, installs, program
from pf_tui.integrations.shared_files import is_shared
from pf_tui.state.context import Context

Make = Callable[..., Context]
AGENTS = ("claude-code", "codex", "opencode")
PATH = "/usr/bin:/bin"
KEYS = {"ANTHROPIC_API_KEY": "k1", "OPENROUTER_API_KEY": "k2", "OPENAI_API_KEY": "k3", "PATH": PATH}
ODD_JSON = {
    "empty": "",
    "blank": "{ }",
    "blank-lines": "{\r\n}\r\n",
    "only-a-comment": "{ /* mine */ }",
    "byte-order-mark": '\ufeff{\n  "model": "opus"\n}\n',
    "trailing-comma": '{"model": "opus",}',
    "empty-objects": '{"env": { }, "modelOverrides":{}, "mcp": {}, "model": "x"}',
    "letters": '{"env":{"ANTHROPIC_API_KEY":"\\u0073k", "Z": "\\/"},"apiKeyHelper":"\\/vault"}',
    "order-and-comments": '{\n\t// b first\n\t"b": 1, // one\n\n\t"a":\t[1,  2],\n\n\t/* end */\n}',
    "crlf-without-an-end": '{\r\n  "env": {\r\n    "FOO": "bar"\r\n  }\r\n}',
}
ODD_TOML = {
    "empty": "",
    "byte-order-mark": '\ufeffmodel = "x"\n',
    "no-end": 'notify = ["say",\n  "done"] # mine\nmodel="x"\r\n[tui]\ny = 1',
}


@pytest.fixture
def ctx(context: Make) -> Context:
    return context(env=KEYS)


def own_files(home: Path, json_text: str, toml_text: str) -> dict[Path, bytes]:
    """The person's settings of three agents."""
    made = {
        home / ".claude" / "settings.json": json_text,
        home / ".config" / "opencode" / "opencode.jsonc": json_text,
        home / ".codex" / "config.toml": toml_text,
        home / ".codex" / "hooks.json": json_text,
    }
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return everything(home)


def everything(home: Path) -> dict[Path, bytes]:
    """Every file but our own state and cache."""
    ours = (home / ".opencode" / "provider-fallback", home / ".cache")
    return {
        path: path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and not any(path.is_relative_to(folder) for folder in ours)
    }


def install_all(ctx: Context) -> None:
    for agent in AGENTS:
        install.install(ctx, agent)


def uninstall_all(ctx: Context) -> None:
    for agent in AGENTS:
        install.uninstall(ctx, agent)


def lose_state(ctx: Context) -> None:
    shutil.rmtree(ctx.paths.home)


def route_of(folder: Path) -> str | None:
    return claude_settings.route_in((folder / "settings.json").read_text())


@pytest.mark.parametrize(
    ("json_text", "toml_text"),
    [
        pytest.param(text, toml, id=name)
        for (name, text), toml in zip(ODD_JSON.items(), cycle(ODD_TOML.values()), strict=False)
    ],
)
def test_every_byte_is_back_after_twenty_switches(
    ctx: Context, home: Path, json_text: str, toml_text: str
) -> None:
    before = own_files(home, json_text, toml_text)
    install_all(ctx)

    for provider in islice(cycle(("openrouter", "anthropic-api", "openai-api")), 20 if json_text else 3):
        for agent in ("claude-code", "codex"):
            apply.apply(ctx, agent, ctx.catalog().provider(provider), "gpt-6.1-sol")
    actions.switch(ctx, "openrouter")
    install_all(ctx)
    uninstall_all(ctx)

    assert everything(home) == before


def test_a_projects_route_leaves_odd_settings_as_they_were(ctx: Context, home: Path) -> None:
    for text in ODD_JSON.values():
        before = own_files(home, text, "")
        install.install(ctx, "claude-code", in_project=True)
        actions.switch(ctx, "openrouter")
        assert route_of(home / ".claude") == "openrouter"
        actions.switch(ctx, "anthropic-api")

        install.uninstall(ctx, "claude-code", in_project=True)

        assert everything(home) == before


def test_a_lost_state_folder_is_no_reason_to_forget_our_own_work(ctx: Context, home: Path) -> None:
    before = own_files(home, '{"model": "opus"}\n', 'model = "x"\n')
    install_all(ctx)
    actions.switch(ctx, "openrouter")
    lose_state(ctx)

    assert apply.installed(ctx) == ("claude-code", "opencode", "codex")
    moved = actions.switch(ctx, "anthropic-api", force=True)
    assert {effect.agent for effect in moved.effects} == set(AGENTS)
    assert route_of(home / ".claude") == "anthropic-api"
    lose_state(ctx)
    uninstall_all(ctx)

    assert everything(home) == before


@pytest.mark.parametrize("gone", ["installs.json", "config.json", "health.json", "journal.jsonl"])
def test_one_lost_file_of_the_state_folder_costs_no_byte_of_the_persons(
    ctx: Context, home: Path, gone: str
) -> None:
    before = own_files(home, '{"model": "opus"}\n', 'model = "x"\n')
    install_all(ctx)
    actions.switch(ctx, "openrouter")
    (ctx.paths.home / gone).unlink(missing_ok=True)

    actions.switch(ctx, "anthropic-api", force=True)
    assert route_of(home / ".claude") == "anthropic-api"
    uninstall_all(ctx)

    assert everything(home) == before


def test_an_install_after_the_loss_knows_what_was_there_before_it(ctx: Context, home: Path) -> None:
    before = own_files(home, '{"model": "opus"}\n', 'model = "x"\n')
    install_all(ctx)
    command = home / ".claude" / "commands" / "provider-status.md"
    command.write_text(command.read_text() + "\nwritten by an older pf-tui\n")
    actions.switch(ctx, "openrouter")
    lose_state(ctx)

    install_all(ctx)
    uninstall_all(ctx)

    assert everything(home) == before


def test_a_state_folder_of_an_earlier_day_is_no_trouble(ctx: Context, home: Path, tmp_path: Path) -> None:
    before = own_files(home, '{"model": "opus"}\n', 'model = "x"\n')
    install_all(ctx)
    shutil.copytree(ctx.paths.home, tmp_path / "backup")
    actions.switch(ctx, "openrouter")
    lose_state(ctx)
    shutil.copytree(tmp_path / "backup", ctx.paths.home)

    actions.switch(ctx, "anthropic-api", force=True)
    assert route_of(home / ".claude") == "anthropic-api"
    uninstall_all(ctx)

    assert everything(home) == before


def test_opencodes_own_folder_is_left_as_it_was_from_a_shell_without_it(
    context: Make, home: Path, tmp_path: Path
) -> None:
    there, elsewhere = (
        context(env={**KEYS, "OPENCODE_CONFIG_DIR": str(tmp_path / "work")}),
        context(env=KEYS),
    )
    install.install(there, "opencode")

    actions.switch(elsewhere, "openrouter")
    install.uninstall(elsewhere, "opencode")

    assert everything(tmp_path / "work") == {}
    assert not (home / ".config" / "opencode").exists()


def test_a_switch_reaches_the_folder_that_was_installed_into(
    context: Make, home: Path, tmp_path: Path
) -> None:
    claude, codex = tmp_path / "claude-work", tmp_path / "codex-work"
    there = context(env={**KEYS, "CLAUDE_CONFIG_DIR": str(claude), "CODEX_HOME": str(codex)})
    install.install(there, "claude-code")
    install.install(there, "codex")
    elsewhere = context(env=KEYS)

    done = actions.switch(elsewhere, "openrouter")

    assert route_of(claude) == "openrouter"
    assert 'model_provider = "openrouter"' in (codex / "config.toml").read_text()
    assert not (home / ".claude").exists()
    assert not (home / ".codex").exists()
    told = next(effect.text for effect in done.effects if effect.agent == "claude-code")
    assert told == f"from your next turn with CLAUDE_CONFIG_DIR={claude}; pf-tui is not in {home / '.claude'}"
    install.uninstall(elsewhere, "claude-code")
    install.uninstall(elsewhere, "codex")
    assert everything(claude) == everything(codex) == {}


def shared(home: Path, tmp_path: Path) -> Path:
    """Settings that lie in a repository of dotfiles, led to by links."""
    repository = tmp_path / "dotfiles"
    (repository / ".git").mkdir(parents=True)
    own = {"statusLine": {"type": "command", "command": "echo 'my line; yes'"}}
    (repository / "claude.json").write_text(json.dumps(own, indent=2))
    (repository / "codex.toml").write_text('notify = ["touch", "told"]\n')
    (repository / "codex-hooks.json").write_text("{}\n")
    (home / ".claude").mkdir()
    (home / ".codex").mkdir()
    (home / ".claude" / "settings.json").symlink_to(repository / "claude.json")
    (home / ".codex" / "config.toml").symlink_to(repository / "codex.toml")
    (home / ".codex" / "hooks.json").symlink_to(repository / "codex-hooks.json")
    return repository


def in_shell(command: str, cwd: Path) -> tuple[int, str]:
    """What a line does on a machine without pf-tui."""
    words = ["sh", "-c", command]
    done = subprocess.run(words, env={"PATH": PATH}, cwd=cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_shared_settings_hold_no_path_of_this_machine_and_are_quiet_elsewhere(
    ctx: Context, home: Path, tmp_path: Path
) -> None:
    repository = shared(home, tmp_path)
    before = everything(repository)
    install.install(ctx, "claude-code")
    install.install(ctx, "codex")

    actions.switch(ctx, "openrouter")

    texts = {path.name: path.read_text() for path in repository.iterdir() if path.is_file()}
    for name, text in texts.items():
        assert str(home) not in text, name
        assert str(Path(sys.executable).parent) not in text, name
    settings = json.loads(texts["claude.json"])
    assert in_shell(settings["statusLine"]["command"], tmp_path) == (0, "my line; yes\n")
    code, said = in_shell(settings["apiKeyHelper"], tmp_path)
    assert (code != 0, said) == (True, "")
    hooks = json.loads(texts["codex-hooks.json"])["hooks"]
    for groups in hooks.values():
        assert in_shell(groups[0]["hooks"][0]["command"], tmp_path) == (0, "")
    install.uninstall(ctx, "claude-code")
    install.uninstall(ctx, "codex")
    assert everything(repository) == before
    assert (home / ".claude" / "settings.json").is_symlink()


def test_a_shared_notify_starts_the_persons_own_without_us(ctx: Context, home: Path, tmp_path: Path) -> None:
    import tomllib

    repository = shared(home, tmp_path)
    install.install(ctx, "codex")
    notify = tomllib.loads((repository / "codex.toml").read_text())["notify"]

    subprocess.run([*notify, "event"], env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path, check=True)

    assert (tmp_path / "told").exists()
    assert (tmp_path / "event").exists()


def git(folder: Path, *words: str) -> None:
    """git, with nothing of this machine's own settings."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    who = ["-c", "user.name=t", "-c", "user.email=t@example", "-c", "protocol.file.allow=always"]
    env = {"PATH": PATH, "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *who, *words], env=env, cwd=folder, check=True, capture_output=True)


def by_checkout(home: Path, aside: Path, version: str) -> None:
    git(home, "init", "-q")
    git(home, "-c", f"index.version={version}", "add", "-f", ".claude/settings.json")


def by_worktree(home: Path, aside: Path, version: str) -> None:
    git(aside, "init", "-q")
    git(aside, "commit", "-q", "--allow-empty", "-m", "begin")
    git(aside, "worktree", "add", "-q", str(aside / "linked"))
    shutil.move(aside / "linked" / ".git", home / ".git")
    git(aside, "worktree", "repair", str(home))
    git(home, "-c", f"index.version={version}", "add", "-f", ".claude/settings.json")


def by_submodule(home: Path, aside: Path, version: str) -> None:
    for name in ("inner", "outer"):
        (aside / name).mkdir()
        git(aside / name, "init", "-q")
        git(aside / name, "commit", "-q", "--allow-empty", "-m", "begin")
    git(aside / "outer", "submodule", "--quiet", "add", str(aside / "inner"), "agents")
    place = aside / "outer" / "agents"
    shutil.move(home / ".claude", place / "claude")
    (home / ".claude").symlink_to(place / "claude")


def by_bare(where: str) -> Callable[[Path, Path, str], None]:
    def keep(home: Path, aside: Path, version: str) -> None:
        (home / where).parent.mkdir(parents=True, exist_ok=True)
        git(home, "init", "-q", "--bare", where)
        words = (f"--git-dir={home / where}", f"--work-tree={home}", "-c", f"index.version={version}")
        git(home, *words, "add", "-f", ".claude/settings.json")

    return keep


def by_chezmoi(source: str, entry: str, config: str = "") -> Callable[[Path, Path, str], None]:
    def keep(home: Path, aside: Path, version: str) -> None:
        (home / source / entry).parent.mkdir(parents=True)
        (home / source / entry).write_text("{}")
        if config:
            (home / ".config" / "chezmoi").mkdir(parents=True)
            (home / ".config" / "chezmoi" / "chezmoi.toml").write_text(config)

    return keep


def by_link(mark: str) -> Callable[[Path, Path, str], None]:
    """As stow, dotbot and rcm lay them: a link of the file, or of its folder."""

    def keep(home: Path, aside: Path, version: str) -> None:
        (aside / mark).mkdir()
        shutil.move(home / ".claude", aside / "claude")
        (home / ".claude").symlink_to(aside / "claude")

    return keep


KEEPERS = {
    "checkout": by_checkout,
    "linked-worktree": by_worktree,
    "submodule": by_submodule,
    "bare-cfg": by_bare(".cfg"),
    "bare-dotfiles.git": by_bare(".dotfiles.git"),
    "yadm": by_bare(".local/share/yadm/repo.git"),
    "yadm-2": by_bare(".config/yadm/repo.git"),
    "vcsh": by_bare(".config/vcsh/repo.d/agents.git"),
    "chezmoi": by_chezmoi(".local/share/chezmoi", "dot_claude/settings.json"),
    "chezmoi-private-template": by_chezmoi(
        ".local/share/chezmoi", "private_dot_claude/private_readonly_settings.json.tmpl"
    ),
    "chezmoi-elsewhere": by_chezmoi("files", "dot_claude/settings.json", 'sourceDir = "~/files"\n'),
    "stow": by_link(".git"),
    "mercurial": by_link(".hg"),
}
WITH_AN_INDEX = ("checkout", "linked-worktree", "bare-cfg")


@pytest.mark.parametrize(
    ("keeper", "version"),
    [*((keeper, "2") for keeper in KEEPERS), *((keeper, "4") for keeper in WITH_AN_INDEX)],
)
def test_what_keeps_dotfiles_is_known(keeper: str, version: str, home: Path, tmp_path: Path) -> None:
    settings, aside = home / ".claude" / "settings.json", tmp_path / "aside"
    aside.mkdir()
    settings.parent.mkdir()
    for name in ("settings.json", "other.json"):
        (settings.parent / name).write_text("{}\n")
    assert not is_shared(settings, {"HOME": str(home)})

    KEEPERS[keeper](home, aside, version)

    assert is_shared(settings, {"HOME": str(home)})
    linked = (home / ".claude").is_symlink()
    assert is_shared(home / ".claude" / "other.json", {"HOME": str(home)}) is linked


def test_a_repository_named_in_the_environment_is_known(home: Path, tmp_path: Path) -> None:
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").write_text("{}\n")
    by_bare("../far/away.git")(home, tmp_path, "2")
    env = {"HOME": str(home), "GIT_DIR": str(tmp_path / "far" / "away.git"), "GIT_WORK_TREE": str(home)}

    assert is_shared(home / ".claude" / "settings.json", env)


def test_a_home_folder_that_is_a_link_shares_nothing(home: Path, tmp_path: Path) -> None:
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").write_text("{}\n")
    git(home, "init", "-q")
    (tmp_path / "link").symlink_to(home)

    assert not is_shared(tmp_path / "link" / ".claude" / "settings.json", {"HOME": str(tmp_path / "link")})


def test_a_file_that_no_other_machine_shares_has_the_programs_path(ctx: Context, home: Path) -> None:
    install.install(ctx, "claude-code")

    line = json.loads((home / ".claude" / "settings.json").read_text())["statusLine"]["command"]

    assert line == f"{Path(sys.executable).parent / 'pf-tui'} statusline"


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(".cache/uv/archive-v0/Xy1/bin", id="uvx"),
        pytest.param(".cache/uv/environments-v2/pf-tui-1/bin", id="uv-run"),
        pytest.param(".local/pipx/.cache/ab12/bin", id="pipx-run"),
        pytest.param("tmp/pip-build-env-k3j/overlay/bin", id="pip-build"),
        pytest.param("tmp/_MEIabc123", id="one-file-program"),
        pytest.param(".shiv/pf-tui_1f/site-packages/bin", id="shiv"),
    ],
)
def test_a_place_that_will_vanish_is_refused_with_the_cure(
    ctx: Context, home: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / place
    folder.mkdir(parents=True)
    (folder / "pf-tui").write_text("#!/bin/sh\n")
    monkeypatch.setattr(program.sys, "executable", str(folder / "python3"))
    monkeypatch.setattr(called, "source", lambda: "")  # as from an index
    before = everything(home)

    with pytest.raises(PfError) as refused:
        install.install(ctx, "claude-code")

    assert "is installed in a temporary folder" in refused.value.message
    assert refused.value.hint.startswith("`uv tool install pf-tui`")
    assert everything(home) == before
    assert installs.keys(ctx.paths) == ()
    assert install.uninstall(ctx, "claude-code").empty


def test_a_lasting_one_on_the_path_is_taken_instead(
    context: Make, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing, lasting = home / "uv" / "archive-v0" / "x" / "bin", home / ".local" / "bin"
    for folder in (passing, lasting):
        folder.mkdir(parents=True)
        (folder / "pf-tui").write_text("#!/bin/sh\n")
        (folder / "pf-tui").chmod(0o755)
    monkeypatch.setattr(program.sys, "executable", str(passing / "python3"))

    found = program.words({"PATH": f"{passing}:/usr/bin:{lasting}"})

    assert found == (str(lasting / "pf-tui"),)


@pytest.mark.parametrize(
    ("agent", "place"), [("claude-code", ".claude/settings.json"), ("codex", ".codex/config.toml")]
)
def test_an_own_address_of_another_provider_is_applied_too(
    ctx: Context, home: Path, agent: str, place: str
) -> None:
    ctx.paths.home.mkdir(parents=True)
    ctx.paths.providers.write_text("providers: [{id: openrouter, base_url: 'https://proxy.corp.example/or'}]")
    install.install(ctx, agent)

    actions.switch(ctx, "openrouter", force=True)

    assert "https://proxy.corp.example/or" in (home / place).read_text()
    assert "openrouter.ai" not in (home / place).read_text()


def test_an_address_of_the_persons_own_is_applied(ctx: Context, home: Path) -> None:
    ctx.paths.home.mkdir(parents=True)
    ctx.paths.providers.write_text(
        "providers:\n  - id: anthropic-api\n    base_url: https://proxy.corp.example/anthropic\n"
    )
    install.install(ctx, "claude-code")

    actions.switch(ctx, "anthropic-api", force=True)

    settings = json.loads((home / ".claude" / "settings.json").read_text())
    assert settings["env"]["ANTHROPIC_BASE_URL"] == "https://proxy.corp.example/anthropic"
    assert settings["apiKeyHelper"].endswith("auth helper")
    actions.switch(ctx, "openrouter")
    install.uninstall(ctx, "claude-code")
    assert everything(home) == {}
