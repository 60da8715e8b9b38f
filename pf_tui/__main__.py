"""The front door: looks at the words first, and imports only what they need.

--version, `status --json`, `hook`, `statusline` and `auth helper` run on the standard library alone;
no words at all is the dashboard; everything else goes to the command line (click).
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # `signal` wraps it in enums, slowly

_interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
if _interruptible:  # nobody catches its exception yet: ctrl+c ends this process as it ends any other
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import gc  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from pf_tui import stdio  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sys import UnraisableHookArgs


def main() -> None:
    """The console script."""
    stdio.repair()
    os.umask(os.umask(0o077) & 0o077)  # what we make is ours to read, whatever the umask takes from others
    hurried = sys.argv[1:2] in (["hook"], ["statusline"])
    short = hurried or _is_plain_status(sys.argv[1:]) or sys.argv[1:] == ["--version"]
    if short:
        gc.disable()  # a fifth of a hook's time went into collecting and taking down what ends with it anyway
    code = _run_to_the_end(sys.argv[1:], hurried=hurried)
    complete = stdio.flush() or hurried
    code = code if complete else code or 1
    if short:
        os._exit(code)
    sys.exit(code)


def _run_to_the_end(words: list[str], *, hurried: bool) -> int:
    """The exit code, also when not even the modules that would put a failure into words can be loaded."""
    sys.unraisablehook = _unheard
    try:
        try:
            if _interruptible:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            return run(words)
        finally:
            if _interruptible:
                signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:
        return 0 if hurried else 130
    except Exception as error:
        if hurried:
            return 0
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        try:
            os.write(2, f"pf-tui: it could not start: {why.lower()}\n".encode("utf-8", "replace"))
        except OSError:
            return 1
        return 1


def _unheard(problem: UnraisableHookArgs) -> None:
    """Ctrl+c while something was being taken down, where nobody hears its exception, still ends us."""
    if issubclass(problem.exc_type, KeyboardInterrupt):
        os._exit(130)
    sys.__unraisablehook__(problem)


def run(words: list[str]) -> int:
    """Run the command line; returns the exit code."""
    if words == ["--version"]:
        return _version()
    first = words[0] if words else ""
    if first == "hook" and len(words) == 3 and not words[2].startswith("-"):
        return _hook(words[1], words[2])
    if words[:3] == ["hook", "codex", "notify"] and len(words) > 3:
        return _notify(words[3:])
    if words == ["statusline"] or (len(words) == 3 and words[:2] == ["statusline", "--wrap"]):
        return _statusline(words[2] if len(words) == 3 else None)
    if "_PF_TUI_COMPLETE" not in os.environ:
        folder, rest = _take_folder(words)
        if rest[:2] == ["auth", "helper"] and all(_is_name(word) for word in rest[2:]) and len(rest) < 4:
            return _helper(folder, rest[2:])
        if _is_plain_status(rest):
            return _status(folder, rest[1:])
        if (options := _dashboard_options(rest)) is not None:
            return _dashboard(folder, options)
        words = rest
    else:
        folder = None
    from pf_tui.cli import app

    return app.run(words, folder)


def _version() -> int:
    from pf_tui import __version__

    sys.stdout.write(f"pf-tui {__version__}\n")
    return 0


def _hook(agent: str, event: str) -> int:
    """Always exit 0 with nothing on stderr: an agent never stops for us."""
    from pf_tui import hooks

    answer, code = hooks.run(agent, event, None, os.environ)
    return _answer(answer, code)


def _notify(arguments: list[str]) -> int:
    """Codex's notify: the person's own program first, then the event, which is the last word."""
    from pf_tui import hooks
    from pf_tui.hooks import codex

    codex.pass_on(arguments)
    answer, code = hooks.run("codex", "notify", arguments[-1].encode("utf-8", "replace"), os.environ)
    return _answer(answer, code)


def _statusline(wrapped: str | None) -> int:
    from pf_tui import hooks

    answer, code = hooks.statusline(None, os.environ, wrapped)
    return _answer(answer, code)


def _answer(answer: str, code: int) -> int:
    try:
        sys.stdout.buffer.write(answer.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except OSError:
        stdio.discard(1)  # the agent has stopped listening, which is no trouble of its own
    return code


def _status(folder: str | None, rest: list[str]) -> int:
    from pf_tui.cli import command_context, diagnostics, output

    def show() -> None:
        from pf_tui import snapshot
        from pf_tui.documents import status
        from pf_tui.sessions.overview import overview
        from pf_tui.state import credentials

        ctx = command_context.here(folder)
        for note in credentials.repair_permissions(ctx.paths):
            diagnostics.note(note)
        provider = next((word for word in rest if word != "--json"), None)
        output.document(status.document(snapshot.take(ctx), provider, overview(ctx)))

    return diagnostics.guard(show, as_json=True)


def _helper(folder: str | None, rest: list[str]) -> int:
    from pf_tui.cli import command_context, diagnostics

    def show() -> None:
        from pf_tui.cli import helper

        helper.show(command_context.here(folder), rest[0] if rest else None)

    return diagnostics.guard(show, as_json=False)


def _dashboard(folder: str | None, options: dict[str, str]) -> int:
    from pf_tui.cli import dashboard

    return dashboard.run(
        folder, demo="--demo" in options, theme=options.get("--theme"), mouse="--no-mouse" not in options
    )


def _is_plain_status(rest: list[str]) -> bool:
    """`status [PROVIDER] --json` in any order, and nothing else."""
    names = [word for word in rest[1:] if word != "--json"]
    return rest[:1] == ["status"] and "--json" in rest and len(names) <= 1 and all(map(_is_name, names))


def _dashboard_options(rest: list[str]) -> dict[str, str] | None:
    """The dashboard's options by name; None when the words are about something else."""
    options: dict[str, str] = {}
    queue = iter(rest)
    for word in queue:
        name, equals, value = word.partition("=")
        if name == "--theme":
            options[name] = value if equals else next(queue, "")
            if not _is_name(options[name]):
                return None
        elif word in ("--demo", "--no-mouse"):
            options[word] = ""
        else:
            return None
    return options


def _is_name(word: str) -> bool:
    return bool(word) and not word.startswith("-")


def _take_folder(words: list[str]) -> tuple[str | None, list[str]]:
    """--dir may stand anywhere before `--`; what follows `--` belongs to an agent."""
    folder: str | None = None
    rest: list[str] = []
    queue = iter(words)
    for word in queue:
        if word == "--":
            return folder, [*rest, word, *queue]
        if word == "--dir":
            folder = next(queue, "")
        elif word.startswith("--dir="):
            folder = word.removeprefix("--dir=")
        else:
            rest.append(word)
    return folder, rest


if __name__ == "__main__":
    main()
