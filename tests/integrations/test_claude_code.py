"""pf-tui in Claude Code: what install shows and does, what uninstall leaves, and what a switch means."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pf_tui import actions
from pf_tui.actions import install
from pf_tui.errors import StateFileUnusable
from pf_tui.integrations import claude_code, claude_parts, install_plan
from pf_tui.integrations.apply import Effect
from pf_tui.records import replace
from pf_tui.rules import failures
from pf_tui.state.context import Context
from tests import clients, program
from tests.patience import PATIENCE_S

Make = Callable[..., Context]
KEYS = {"ANTHROPIC_API_KEY": "k1", "OPENROUTER_API_KEY": "k2", "GROQ_API_KEY": "k3"}
ALIASES = {
    "fable": "claude-fable-5-2",
    "opus": "claude-opus-5-5",
    "sonnet": "claude-sonnet-5-5",
    "haiku": "claude-haiku-5-5",
}
COMMANDS = ("status", "switch", "auth", "models", "priority", "limits", "analytics")
RICH = (
    '{\n    "model": "opus",\n    "env": {"FOO": "bar", "ANTHROPIC_API_KEY": "sk-ant-mine-123456"},\n'
    '    "statusLine": {"type": "command", "command": "~/bin/line", "padding": 0},\n'
    '    "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]},\n'
    '    "apiKeyHelper": "vault get",\n    "unknown": [1,  2]\n}'
)


@pytest.fixture
def ctx(context: Make) -> Context:
    return context(env={**KEYS, "PATH": "/usr/bin:/bin"})


@pytest.fixture
def claude(home: Path) -> Path:
    """A person's Claude Code folder with things of their own in it."""
    folder = home / ".claude"
    (folder / "commands").mkdir(parents=True)
    (folder / "commands" / "mine.md").write_text("do it\n")
    (folder / "settings.json").write_text(RICH)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def settings(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "settings.json").read_text())
    return found


def effect(ctx: Context, provider: str) -> Effect:
    found: Effect = claude_code.apply(ctx, ctx.catalog().provider(provider), None)
    return found


def test_install_and_uninstall_leave_no_trace(ctx: Context, claude: Path) -> None:
    before = content(claude)

    install.install(ctx, "claude-code")
    assert content(claude) != before
    install.uninstall(ctx, "claude-code")

    assert content(claude) == before
    assert {path.name for path in claude.iterdir()} == {"commands", "settings.json"}


def test_uninstall_after_switches_leaves_no_trace(ctx: Context, claude: Path) -> None:
    before = content(claude)

    install.install(ctx, "claude-code")
    for provider in ("openrouter", "anthropic-api", "openrouter"):
        actions.switch(ctx, provider)
    install.install(ctx, "claude-code")
    install.uninstall(ctx, "claude-code")

    assert content(claude) == before


def test_a_projects_uninstall_after_switches_leaves_no_trace(ctx: Context, claude: Path) -> None:
    before = content(claude)
    install.install(ctx, "claude-code", in_project=True)
    actions.switch(ctx, "openrouter")
    assert content(claude) != before

    install.uninstall(ctx, "claude-code", in_project=True)

    assert content(claude) == before
    assert ctx.health().agents == {}
    assert list(ctx.cwd.rglob("*")) == []


def test_a_project_that_leaves_another_install_behind_leaves_its_route(ctx: Context, claude: Path) -> None:
    install.install(ctx, "claude-code")
    install.install(ctx, "claude-code", in_project=True)
    actions.switch(ctx, "openrouter")
    routed = settings(claude)

    install.uninstall(ctx, "claude-code", in_project=True)

    assert settings(claude) == routed
    assert ctx.health().agents["claude-code"].provider == "openrouter"


def test_a_fresh_machine_is_fresh_again(ctx: Context, home: Path) -> None:
    install.install(ctx, "claude-code")
    actions.switch(ctx, "openrouter")
    install.uninstall(ctx, "claude-code")

    assert not (home / ".claude").exists()


def test_a_second_install_changes_nothing(ctx: Context, claude: Path) -> None:
    install.install(ctx, "claude-code")
    actions.switch(ctx, "openrouter")
    before = content(claude)

    assert install.install(ctx, "claude-code").empty
    assert content(claude) == before


def test_what_a_person_changes_after_the_install_stays(ctx: Context, claude: Path) -> None:
    install.install(ctx, "claude-code")
    text = (claude / "settings.json").read_text()
    (claude / "settings.json").write_text(text.replace('"opus"', '"sonnet"'))

    install.uninstall(ctx, "claude-code")

    assert (claude / "settings.json").read_text() == RICH.replace('"opus"', '"sonnet"')


def test_a_command_file_of_the_same_name_comes_back(ctx: Context, claude: Path) -> None:
    (claude / "commands" / "provider-status.md").write_text("my own\n")

    install.install(ctx, "claude-code")
    install.uninstall(ctx, "claude-code")

    assert (claude / "commands" / "provider-status.md").read_text() == "my own\n"


def test_the_record_of_an_install_holds_no_key_of_the_person(ctx: Context, claude: Path) -> None:
    install.install(ctx, "claude-code")
    actions.switch(ctx, "openrouter")
    install.install(ctx, "claude-code")

    kept = (ctx.paths.home / "installs.json").read_text()
    assert "sk-ant-mine" not in kept


def test_settings_that_cannot_be_read_stop_the_install_before_anything_is_written(
    ctx: Context, claude: Path
) -> None:
    (claude / "settings.json").write_text('{\n  "env": {\n')
    before = content(claude)

    with pytest.raises(StateFileUnusable, match=r"settings\.json line 3"):
        install.install(ctx, "claude-code")

    assert content(claude) == before


def test_bare_names_and_the_plugin_are_both_there(ctx: Context, claude: Path) -> None:
    install.install(ctx, "claude-code")

    plugin = claude / "skills" / "provider-fallback"
    for name in COMMANDS:
        assert (claude / "commands" / f"provider-{name}.md").is_file()
        assert (plugin / "commands" / f"provider-{name}.md").is_file()
    assert (plugin / "agents" / "provider-advisor.md").is_file()
    assert (plugin / "skills" / "provider-management" / "SKILL.md").is_file()


def test_every_hook_of_the_plugin_is_answered(ctx: Context, claude: Path) -> None:
    from pf_tui.hooks.claude_code import EVENTS

    install.install(ctx, "claude-code")

    hooks = json.loads((claude / "skills" / "provider-fallback" / "hooks" / "hooks.json").read_text())[
        "hooks"
    ]
    assert set(hooks) == set(EVENTS)
    for event, (entry,) in hooks.items():
        assert entry["hooks"][0]["command"].endswith(f" hook claude-code {event}")


def test_the_commands_of_the_plugin_are_the_ones_that_are_answered() -> None:
    from pf_tui.hooks.commands import COMMANDS as ANSWERED

    files = (claude_parts.MARKETPLACE / claude_parts.PLUGIN / "commands").glob("*.md")
    assert {path.stem for path in files} == set(ANSWERED)


def test_the_plugin_has_the_version_of_pf_tui() -> None:
    from pf_tui import __version__

    manifest = claude_parts.MARKETPLACE / claude_parts.PLUGIN / ".claude-plugin" / "plugin.json"
    assert json.loads(manifest.read_text())["version"] == __version__


def test_a_hook_whose_program_is_gone_does_nothing(ctx: Context, claude: Path) -> None:
    install.install(ctx, "claude-code")
    hooks = json.loads((claude / "skills" / "provider-fallback" / "hooks" / "hooks.json").read_text())[
        "hooks"
    ]
    command = hooks["Stop"][0]["hooks"][0]["command"].replace("pf-tui", "gone").replace("python", "gone")

    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=PATIENCE_S, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_projects_install_names_no_path_of_this_machine(ctx: Context, home: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=ctx.cwd, check=True, timeout=PATIENCE_S)
    before = {path.name for path in ctx.cwd.iterdir()}

    install.install(ctx, "claude-code", in_project=True)
    written = b"".join(
        path.read_bytes() for path in ctx.cwd.rglob("*") if path.is_file() and ".git/" not in str(path)
    )
    servers = json.loads((ctx.cwd / ".mcp.json").read_text())
    install.uninstall(ctx, "claude-code", in_project=True)

    assert str(Path(sys.executable).parent).encode() not in written
    assert servers == {"mcpServers": {"pf-tui": {"command": "pf-tui", "args": ["mcp"]}}}
    assert {path.name for path in ctx.cwd.iterdir()} == before
    assert not (home / ".claude").exists()


def test_a_person_without_settings_of_their_own_gets_private_ones(ctx: Context, home: Path) -> None:
    install.install(ctx, "claude-code")

    assert (home / ".claude" / "settings.json").stat().st_mode & 0o777 == 0o600


def test_a_switch_says_from_the_next_turn(ctx: Context, claude: Path) -> None:
    install.install(ctx, "claude-code")

    told = effect(ctx, "openrouter")

    assert (told.when, told.how, told.text, told.applied) == (
        "next turn",
        "settings",
        "from your next turn",
        True,
    )
    assert settings(claude)["env"] == {
        "FOO": "bar",
        "ANTHROPIC_API_KEY": "",
        "ANTHROPIC_BASE_URL": "https://openrouter.ai/api",
        "ANTHROPIC_AUTH_TOKEN": "",
        "CLAUDE_CODE_USE_BEDROCK": "",
        "CLAUDE_CODE_USE_VERTEX": "",
        **{f"ANTHROPIC_DEFAULT_{name.upper()}_MODEL": model for name, model in ALIASES.items()},
    }
    assert settings(claude)["modelOverrides"]["claude-opus-5-5"] == "anthropic/claude-opus-5.5"


def test_back_home_the_address_is_named_and_the_own_helper_is_back(ctx: Context, claude: Path) -> None:
    install.install(ctx, "claude-code")
    effect(ctx, "openrouter")

    effect(ctx, "anthropic-subscription")

    env = settings(claude)["env"]
    assert isinstance(env, dict)
    assert env["ANTHROPIC_BASE_URL"] == "https://api.anthropic.com"
    assert settings(claude)["apiKeyHelper"] == "vault get"


def test_a_login_gets_no_helper(ctx: Context, home: Path) -> None:
    install.install(ctx, "claude-code")
    effect(ctx, "openrouter")

    effect(ctx, "anthropic-subscription")

    assert "apiKeyHelper" not in settings(home / ".claude")


def test_what_is_used_already_is_not_written(context: Make, home: Path) -> None:
    ctx = context(env={"ANTHROPIC_API_KEY": "k1"})
    install.install(ctx, "claude-code")
    before = (home / ".claude" / "settings.json").read_bytes()

    told = effect(ctx, "anthropic-api")

    assert told.applied
    assert (home / ".claude" / "settings.json").read_bytes() == before


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        pytest.param("openai-subscription", "use OpenCode", id="a-plan-of-another-client"),
        pytest.param("github-copilot", "use OpenCode", id="a-login-of-another-client"),
        pytest.param(
            "groq", "through the gateway alone, which translates: `pf-tui run claude`", id="protocol"
        ),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(
    ctx: Context, claude: Path, provider: str, words: str
) -> None:
    install.install(ctx, "claude-code")
    before = content(claude)

    told = effect(ctx, provider)

    assert not told.applied
    assert told.when == "never"
    assert words in told.text
    assert content(claude) == before


def test_a_project_that_names_its_own_address_is_told(ctx: Context, claude: Path) -> None:
    install.install(ctx, "claude-code")
    (ctx.cwd / ".claude").mkdir()
    (ctx.cwd / ".claude" / "settings.json").write_text('{"env": {"ANTHROPIC_BASE_URL": "https://corp"}}')

    assert "but not in this project" in effect(ctx, "openrouter").text


def test_the_settings_just_written_are_no_project_s_own(ctx: Context, claude: Path) -> None:
    """In the home folder itself, the person's settings and the project's are one file."""
    install.install(ctx, "claude-code")
    at_home = replace(ctx, cwd=claude.parent)

    assert effect(at_home, "openrouter").text == "from your next turn"


def test_settings_that_cannot_be_edited_are_told_and_left(ctx: Context, claude: Path) -> None:
    install.install(ctx, "claude-code")
    (claude / "settings.json").write_text("{")

    told = effect(ctx, "openrouter")

    assert not told.applied
    assert "settings.json" in told.text
    assert (claude / "settings.json").read_text() == "{"


def test_without_an_install_a_switch_touches_no_settings(ctx: Context, claude: Path) -> None:
    done = actions.switch(ctx, "openrouter")

    assert done.effects == ()
    assert (claude / "settings.json").read_text() == RICH


def test_an_uninstall_forgets_what_was_applied(ctx: Context, claude: Path) -> None:
    install.install(ctx, "claude-code")
    actions.switch(ctx, "openrouter")

    install.uninstall(ctx, "claude-code")

    assert "claude-code" not in ctx.health().agents


def test_the_dry_run_is_exactly_what_the_install_does(ctx: Context, claude: Path, tmp_path: Path) -> None:
    if shutil.which("patch") is None:
        pytest.skip("patch is not installed")
    without_key = RICH.replace(', "ANTHROPIC_API_KEY": "sk-ant-mine-123456"', "")  # a key is masked in a diff
    (claude / "settings.json").write_text(without_key)
    shown = install_plan.diff(install.plan(ctx, "claude-code"), claude.parent)
    copy = tmp_path / "copy"
    shutil.copytree(claude.parent, copy)
    install.install(ctx, "claude-code")

    patch = shown.replace("--- ~/", "--- ").replace("+++ ~/", "+++ ")
    subprocess.run(["patch", "-s", "-p0"], input=patch.encode(), cwd=copy, check=True, timeout=PATIENCE_S)

    assert content(copy / ".claude") == content(claude)


def test_who_cannot_serve_claude_code_is_passed_over_there(ctx: Context, claude: Path) -> None:
    actions.set_priority(ctx, ["anthropic-api", "groq", "openrouter"])
    install.install(ctx, "claude-code")

    failed = actions.report_failure(ctx, "anthropic-api", failures.reported("rate"))

    (told,) = failed.effects
    assert failed.to_provider == "groq"
    assert told.applied
    assert told.text.endswith(
        "`pf-tui run claude`; after `pf-tui gateway auto on` a switch leads there;"
        " there openrouter serves from your next turn"
    )
    assert ctx.health().agents["claude-code"].provider == "openrouter"


def test_an_agent_that_is_passed_over_is_not_set_again_and_again(ctx: Context, claude: Path) -> None:
    actions.set_priority(ctx, ["groq", "openrouter"])
    install.install(ctx, "claude-code")
    actions.settle(ctx)
    lines = ctx.paths.journal.read_bytes()
    before = content(claude)

    actions.settle(ctx)

    assert ctx.paths.journal.read_bytes() == lines
    assert content(claude) == before


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks at the process in /proc")
def test_a_hook_that_is_told_to_stop_finishes_what_it_has_begun(ctx: Context, claude: Path) -> None:
    """Claude Code without a terminal sends TERM to a running StopFailure when it ends (2.1.330, measured)."""
    actions.set_priority(ctx, ["anthropic-api", "openrouter"])
    install.install(ctx, "claude-code")
    hooks = json.loads((claude / "skills" / "provider-fallback" / "hooks" / "hooks.json").read_text())[
        "hooks"
    ]
    before, _ = hooks["StopFailure"][0]["hooks"][0]["command"].split("exec ")
    words = [*program.FRESH, "hook", "claude-code", "StopFailure"]
    event = {"session_id": "s", "cwd": str(ctx.cwd), "error": "rate_limit", "prompt_id": "p"}

    with subprocess.Popen(
        ["sh", "-c", f"{before} exec {shlex.join(words)}"], stdin=subprocess.PIPE, env=dict(ctx.env)
    ) as process:
        clients.wait_until(lambda: ignores_term(process.pid), what="the trap")
        process.terminate()
        process.communicate(json.dumps(event).encode(), timeout=PATIENCE_S)

    assert process.returncode == 0
    assert [bench.provider for bench in ctx.health().benches] == ["anthropic-api"]


def ignores_term(pid: int) -> bool:
    """By the mask of ignored signals; TERM is number 15."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(mask, 16) >> 14 & 1)
