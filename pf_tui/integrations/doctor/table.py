"""The table of checks, in the order a person reads them, and how they are run."""

from __future__ import annotations

from pf_tui.errors import PfError
from pf_tui.integrations.doctor import clients, machine, state
from pf_tui.integrations.doctor.finding import Check, Finding, fail
from pf_tui.records import record
from pf_tui.state.context import Context

__all__ = ["CHECKS", "Check", "Finding", "Result", "run"]


@record
class Result:
    """What one check says."""

    id: str
    state: str
    message: str
    fix: str


CHECKS: tuple[Check, ...] = (
    Check(id="state-folder", looks_at="the state directory", look=state.folder),
    Check(id="state-files", looks_at="the state files", look=state.readable),
    Check(id="project-trust", looks_at="whether this project's settings are trusted", look=state.trusted),
    Check(id="newer-version", looks_at="versions of the state files", look=state.newer),
    Check(id="ledger", looks_at="the ledger", look=state.ledger),
    Check(id="logs", looks_at="logs that could not be read at all", look=state.logs),
    Check(id="secret-files", looks_at="permissions of files with secrets", look=state.secrets),
    Check(id="set-aside", looks_at="files that were set aside", look=state.set_aside),
    Check(id="credentials", looks_at="credentials", look=state.credential),
    Check(id="clouds", looks_at="addresses and signatures of clouds", look=state.clouds),
    Check(id="keyring", looks_at="the keyring", look=machine.keyring),
    Check(id="keychain", looks_at="Claude Code's login on a Mac", look=machine.keychain),
    Check(id="path", looks_at="pf-tui on the PATH", look=machine.path),
    Check(id="inotify", looks_at="file watches of this system", look=machine.inotify),
    Check(id="clock", looks_at="the clock", look=machine.clock),
    Check(id="servers", looks_at="the gateway's and the MCP server's address files", look=machine.servers),
    Check(id="clients", looks_at="versions of the agents", look=clients.versions),
    Check(id="pause", looks_at="whether pf-tui is paused", look=clients.pause),
    Check(id="installs", looks_at="what was put into the agents", look=clients.intact),
    Check(id="two-installs", looks_at="a second install beside ours", look=clients.twice),
    Check(id="plugin-enabled", looks_at="whether the agents may load it", look=clients.enabled),
    Check(id="hooks-fire", looks_at="whether hooks are called", look=clients.fire),
    Check(id="hooks-log", looks_at="the log of the hooks", look=clients.log),
    Check(id="gateway-address", looks_at="addresses in the agents' settings", look=clients.addresses),
    Check(id="key-helper", looks_at="keys that agents ask for", look=clients.keys),
    Check(id="opencode-start", looks_at="OpenCode's start without a network", look=clients.start_trap),
)


def run(ctx: Context) -> tuple[Result, ...]:
    """Every check, in order; one that breaks is a finding of its own."""
    return tuple(_result_of(ctx, check) for check in CHECKS)


def _result_of(ctx: Context, check: Check) -> Result:
    try:
        result = check.look(ctx)
    except PfError as error:
        result = fail(error.message, error.hint)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        result = fail(
            f"{check.looks_at} could not be looked at ({why})", f"check {error.filename or ctx.paths.home}"
        )
    return Result(id=check.id, state=result.state, message=result.message, fix=result.fix)
