"""What goes into OpenCode's folders: its owner's comments, files and packages stay as they are."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pf_tui.actions import install
from pf_tui.errors import StateFileUnusable
from pf_tui.integrations import jsonc, opencode
from pf_tui.state.context import Context
from tests.patience import PATIENCE_S

Make = Callable[..., Context]

RICH = """\
// my settings
{
  "$schema": "https://opencode.ai/config.json", // theirs
  "model": "anthropic/claude-sonnet-5-5",
  /* servers */
  "mcp": {
    "other": { "type": "local", "command": ["true"], }, // keep
  },
}
"""


@pytest.fixture
def ctx(context: Make) -> Context:
    return context(env={"OPENROUTER_API_KEY": "sk-or-secret"})


@pytest.fixture
def folder(home: Path) -> Path:
    made = home / ".config" / "opencode"
    made.mkdir(parents=True)
    return made


def tree(home: Path) -> dict[str, bytes]:
    """Every file below a home but our own state."""
    return {
        str(path.relative_to(home)): path.read_bytes() if path.is_file() else b"<folder>"
        for path in home.rglob("*")
        if "provider-fallback" not in path.parts and path != home / ".opencode"  # our state is in there
    }


def test_a_home_without_opencode_is_without_it_afterwards(ctx: Context, home: Path) -> None:
    before = tree(home)

    install.install(ctx, "opencode")
    install.uninstall(ctx, "opencode")

    assert tree(home) == before


def test_comments_and_trailing_commas_stay(ctx: Context, home: Path, folder: Path) -> None:
    (folder / "opencode.jsonc").write_text(RICH)
    before = tree(home)

    install.install(ctx, "opencode")
    during = (folder / "opencode.jsonc").read_text()
    install.uninstall(ctx, "opencode")

    assert set(jsonc.parse(during)["mcp"]) == {"other", "pf-tui"}
    for comment in ("// my settings", "// theirs", "/* servers */", "// keep"):
        assert comment in during
    assert tree(home) == before


def test_what_the_owner_wrote_since_stays(ctx: Context, folder: Path) -> None:
    path = folder / "opencode.jsonc"
    path.write_text(RICH)
    install.install(ctx, "opencode")
    path.write_text(path.read_text().replace("claude-sonnet-5-5", "claude-opus-5-5"))

    install.uninstall(ctx, "opencode")

    assert path.read_text() == RICH.replace("claude-sonnet-5-5", "claude-opus-5-5")


def test_a_command_file_of_the_owners_with_our_name_comes_back(
    ctx: Context, home: Path, folder: Path
) -> None:
    own = folder / "command" / "provider-status.md"
    own.parent.mkdir()
    own.write_text("mine\n")

    install.install(ctx, "opencode")
    assert own.read_text() != "mine\n"
    install.uninstall(ctx, "opencode")

    assert own.read_text() == "mine\n"


def test_a_settings_file_that_cannot_be_read_is_named_and_nothing_is_written(
    ctx: Context, home: Path, folder: Path
) -> None:
    (folder / "opencode.json").write_text('{\n  "model": \n}')
    before = tree(home)

    with pytest.raises(StateFileUnusable, match=r"^opencode\.json line 3 column 1: "):
        install.install(ctx, "opencode")

    assert tree(home) == before


def test_packages_of_the_owners_are_left_alone(ctx: Context, folder: Path) -> None:
    (folder / "node_modules" / "mine").mkdir(parents=True)
    (folder / "package.json").write_text('{"dependencies": {"mine": "1"}}')

    install.install(ctx, "opencode")

    assert (folder / "package.json").read_text() == '{"dependencies": {"mine": "1"}}'
    assert not (folder / "package-lock.json").exists()


def test_every_folder_opencode_looks_into_starts_without_a_package_install(
    ctx: Context, home: Path, folder: Path
) -> None:
    install.install(ctx, "opencode")

    for place in (folder, home / ".opencode"):
        lock = json.loads((place / "package-lock.json").read_text())
        assert "@opencode-ai/plugin" in lock["packages"][""]["dependencies"]
        assert (place / "node_modules").is_dir()


def test_a_project_gets_its_own_folder_with_the_bare_name_of_the_program(ctx: Context, home: Path) -> None:
    (ctx.cwd / ".git").mkdir()

    install.install(ctx, "opencode", in_project=True)

    plugin = (ctx.cwd / ".opencode" / "plugin" / "pf-tui.js").read_text()
    assert 'const COMMAND = ["pf-tui"]' in plugin
    content = jsonc.parse((ctx.cwd / ".opencode" / "opencode.json").read_text())
    assert content["mcp"]["pf-tui"]["command"] == ["pf-tui", "mcp"]
    install.uninstall(ctx, "opencode", in_project=True)
    assert not (ctx.cwd / ".opencode").exists()


def test_the_plugin_calls_the_program_by_its_full_path(ctx: Context, folder: Path) -> None:
    install.install(ctx, "opencode")

    plugin = (folder / "plugin" / "pf-tui.js").read_text()
    words = json.loads(plugin.split("const COMMAND = ", 1)[1].split("\n", 1)[0])
    assert Path(words[0]).is_absolute()


def test_no_secret_is_written(ctx: Context, home: Path) -> None:
    install.install(ctx, "opencode")

    assert not [name for name, content in tree(home).items() if b"secret" in content]


def test_the_plugin_is_plain_javascript_without_imports(ctx: Context) -> None:
    source = (Path(opencode.__file__).parent / "data/opencode/plugin/pf-tui.js").read_text()

    lines = [line.strip() for line in source.splitlines()]
    assert not [line for line in lines if line.startswith("import ") or "require(" in line]
    exported = [line for line in lines if line.startswith("export ")]
    assert len(exported) == 1, "OpenCode takes every exported function for a plugin"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_plugin_parses(tmp_path: Path) -> None:
    source = Path(opencode.__file__).parent / "data/opencode/plugin/pf-tui.js"
    copy = tmp_path / "plugin.mjs"
    copy.write_bytes(source.read_bytes())

    done = subprocess.run(["node", "--check", str(copy)], capture_output=True, text=True, check=False)

    assert done.stderr == ""


def test_a_switch_says_that_opencode_follows_at_the_next_turn(ctx: Context) -> None:
    catalog = ctx.catalog()

    followed = opencode.apply(ctx, catalog.provider("openrouter"), None)
    refused = opencode.apply(ctx, catalog.provider("openai-subscription"), None)

    assert (followed.when, followed.how, followed.applied) == ("next turn", "plugin", True)
    assert not refused.applied
    assert refused.text == "not possible in OpenCode: that login works in codex alone"


def test_dry_run_shows_every_file_and_writes_none(ctx: Context, home: Path, folder: Path) -> None:
    (folder / "opencode.jsonc").write_text(RICH)
    before = tree(home)

    done = subprocess.run(
        [sys.executable, "-m", "pf_tui", "install", "opencode", "--dry-run"],
        env={"HOME": str(home), "PATH": ""},
        cwd=ctx.cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )

    assert '+    "pf-tui": {' in done.stdout
    assert "+++ ~/.config/opencode/plugin/pf-tui.js" in done.stdout
    assert tree(home) == before
