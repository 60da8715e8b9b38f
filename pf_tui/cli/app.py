"""The command line: one root, words imported when used, errors said once."""

from __future__ import annotations

import os

import click

from pf_tui import __version__
from pf_tui.cli import command_context, diagnostics
from pf_tui.cli.grammar import Root
from pf_tui.errors import PfError, WrongUsage

Root.code = {
    "status": "status:status",
    "switch": "switch:switch",
    "undo": "switch:undo",
    "redo": "switch:redo",
    "bench": "bench:bench",
    "release": "bench:release",
    "why": "history:why",
    "events": "history:events",
    "sessions": "sessions:sessions",
    "auth": "auth:auth",
    "models": "models:models",
    "priority": "priority:priority",
    "limits": "limits:limits",
    "rules": "rules:rules",
    "classes": "classes:classes",
    "allow": "allow:allow",
    "init": "project:init",
    "trust": "project:trust",
    "analytics": "analytics:analytics",
    "ingest": "ingest:ingest",
    "import": "take_in:take_in",
    "prices": "prices:prices",
    "export": "export:export",
    "install": "install:install",
    "uninstall": "install:uninstall",
    "pause": "pause:pause",
    "resume": "pause:resume",
    "run": "run:run",
    "drill": "drill:drill",
    "gateway": "gateway:gateway",
    "doctor": "doctor:doctor",
    "hook": "hook:hook",
    "statusline": "hook:statusline",
    "mcp": "mcp:mcp",
    "serve": "serve:serve",
    "completion": "shell:completion",
    "man": "manual:man",
    "reset-terminal": "shell:reset_terminal",
}


@click.group(
    "pf-tui",
    cls=Root,
    invoke_without_command=True,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
    help="Keeps AI coding agents working when a provider runs out. Without a command: the dashboard.",
)
@click.option("--demo", is_flag=True, help="The dashboard on generated data that keeps changing.")
@click.option("--dir", "folder", metavar="DIR", help="The project to look at; may follow any command.")
@click.option("--theme", metavar="T", help="The dashboard's theme, this time.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@click.version_option(__version__, message="pf-tui %(version)s")
@click.pass_context
def root(ctx: click.Context, demo: bool, folder: str | None, theme: str | None, no_mouse: bool) -> int | None:
    """Open the dashboard, or make ready for a command."""
    if ctx.invoked_subcommand is None:
        from pf_tui.cli import dashboard

        return dashboard.run(folder or ctx.obj, demo=demo, theme=theme, mouse=not no_mouse)
    if demo or theme or no_mouse:
        raise WrongUsage(
            "--demo, --theme and --no-mouse are the dashboard's",
            f"leave them out before `{ctx.invoked_subcommand}`",
        )
    ctx.obj = command_context.here(folder or ctx.obj)
    return None


def run(words: list[str], folder: str | None = None) -> int:
    """Parse and run; returns the exit code."""
    before = words[: words.index("--")] if "--" in words else words
    return diagnostics.guard(lambda: _invoke(words, folder), as_json="--json" in before)


def _invoke(words: list[str], folder: str | None) -> int:
    if instruction := os.environ.get("_PF_TUI_COMPLETE"):
        from click.shell_completion import shell_complete

        return shell_complete(root, {}, "pf-tui", "_PF_TUI_COMPLETE", instruction)
    try:
        code: object = root.main(words, prog_name="pf-tui", standalone_mode=False, obj=folder)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except SystemExit as leaving:  # click's answer to a reader of stdout that left
        raise BrokenPipeError from leaving
    except click.Abort as interrupted:
        raise KeyboardInterrupt from interrupted
    except click.UsageError as error:
        raise _usage(error) from error
    except click.ClickException as error:
        raise PfError(_sentence(error)) from error
    return code if isinstance(code, int) else 0


def _usage(error: click.UsageError) -> WrongUsage:
    path = error.ctx.command_path if error.ctx else "pf-tui"
    return WrongUsage(_sentence(error), f"`{path} --help` shows examples")


def _sentence(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split()).rstrip(".")
    return text[:1].lower() + text[1:]
