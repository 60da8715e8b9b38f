"""What the running gateway says of itself: gateway.json (its address) and live.json (requests in flight).

The gateway writes both; every face only reads them. A file left behind by a process that died says nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pf_tui.errors import PfError, cannot_write
from pf_tui.records import record
from pf_tui.state import files, spare_place
from pf_tui.state.clock import from_text, to_text
from pf_tui.state.paths import Paths

LOCK_NAME = ".gateway.lock"
"""Held by the process that serves, for as long as it lives."""


@record
class LiveRequest:
    """One request that the gateway is serving now."""

    id: str
    agent: str | None
    session: str | None
    provider: str
    model: str
    since: datetime
    tokens: int = 0
    """Output tokens seen so far (events with text, when the provider has not reported usage yet)."""
    first_byte_ms: int | None = None
    """None while nothing has come."""
    attempt: int = 1
    """2 and more: another provider failed before this one."""


@record
class LiveSession:
    """What the gateway last did for one session."""

    session: str
    provider: str
    model: str
    at: datetime
    status: int | None = None
    """HTTP status of the last answer the agent got; None = there was none."""
    until: datetime | None = None
    """When it was told to come back, after a limit."""
    agent: str | None = None


@record
class Gateway:
    """A gateway that runs."""

    host: str
    port: int
    pid: int
    since: datetime
    live: tuple[LiveRequest, ...] = ()
    sessions: tuple[LiveSession, ...] = ()
    """The sessions it served last, the latest last."""

    @property
    def url(self) -> str:
        """`http://127.0.0.1:4100`"""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def read(paths: Paths) -> Gateway | None:
    """The gateway that runs on this state directory; None when there is none."""
    content = _content(paths, paths.gateway)
    pid, port, since = content.get("pid"), content.get("port"), from_text(content.get("since"))
    if not isinstance(pid, int) or not isinstance(port, int) or since is None or not _is_running(pid):
        return None
    if (paths.home / LOCK_NAME).exists() and not is_served(paths):
        return None  # the number belongs to another program by now
    live = _live(paths, pid)
    return Gateway(
        host=str(content.get("host", "127.0.0.1")),
        port=port,
        pid=pid,
        since=since,
        live=tuple(request for item in live.get("requests", ()) if (request := _from_json(item)) is not None),
        sessions=tuple(last for item in live.get("sessions", ()) if (last := _session(item)) is not None),
    )


def left_behind(paths: Paths) -> tuple[int, int] | None:
    """(process id, port) of a gateway that ended without taking its file away; one that was stopped does."""
    content = _content(paths, paths.gateway)
    pid, port = content.get("pid"), content.get("port")
    if not isinstance(pid, int) or not isinstance(port, int) or not 0 < port < 65_536:
        return None
    return None if is_served(paths) or read(paths) is not None else (pid, port)


def agents_token(paths: Paths) -> tuple[int, str] | None:
    """(port, token) of a gateway that serves now; a port that was its own may be another program's by now."""
    content = _content(paths, paths.gateway)
    pid, port, token = content.get("pid"), content.get("port"), content.get("token")
    if not (isinstance(pid, int) and isinstance(port, int) and isinstance(token, str)):
        return None
    if not _is_running(pid):
        return None
    if (paths.home / LOCK_NAME).exists() and not is_served(paths):
        return None
    return port, token


def token(paths: Paths) -> str | None:
    """What gateway.json says agents must show; None when there is none."""
    token = _content(paths, paths.gateway).get("token")
    return token if isinstance(token, str) else None


def write_live(paths: Paths, requests: Iterable[LiveRequest], sessions: Iterable[LiveSession] = ()) -> None:
    """Replace what is in flight; neither locked nor fsynced: only the gateway writes it, for the moment."""
    content = {
        "version": 1,
        "pid": os.getpid(),
        "requests": [_to_json(request) for request in requests],
        "sessions": [_session_to_json(session) for session in sessions],
    }
    try:
        files.write_private(paths.live, files.json_bytes(content))
    except OSError as error:
        raise cannot_write(paths.live, error) from error


@record
class Install:
    """What stays the same from one gateway to the next, so that agents that run survive a restart."""

    token: str
    port: int = 0
    """Where the last one listened; 0 = none yet."""


def install(paths: Paths) -> Install:
    """This install's token, made when first asked for, in a 0600 file."""
    with files.locked(paths):
        content = _content(paths, _install_file(paths))
        token, port = content.get("token"), content.get("port")
        if not isinstance(token, str) or len(token) < 32:
            import secrets

            token = secrets.token_urlsafe(32)
            _keep(paths, _install_file(paths), {"token": token})
        return Install(token=token, port=port if isinstance(port, int) and 0 < port < 65_536 else 0)


def control_token(paths: Paths) -> str:
    """The token that stops the gateway and replaces its keys: the person's programs hold it, no agent does.

    Made when first asked for, in a 0600 file of its own.
    """
    with files.locked(paths):
        token = _content(paths, _control_file(paths)).get("control_token")
        if not isinstance(token, str) or len(token) < 32:
            import secrets

            token = secrets.token_urlsafe(32)
            _keep(paths, _control_file(paths), {"control_token": token})
        return token


def remember_port(paths: Paths, port: int) -> None:
    """The next gateway tries to listen there again."""
    content = install(paths)
    if content.port != port:
        with files.locked(paths):
            _keep(paths, _install_file(paths), {"token": content.token, "port": port})


def write(paths: Paths, running: Gateway, token: str) -> None:
    """Say where the gateway of this process listens (0600: the token is in it)."""
    content = {
        "pid": running.pid,
        "host": running.host,
        "port": running.port,
        "since": to_text(running.since),
        "token": token,
    }
    with files.locked(paths):
        _keep(paths, paths.gateway, content)


def remove(paths: Paths) -> None:
    """Take gateway.json and live.json away, if they are still about this process."""
    if not paths.home.is_dir():
        return  # the directory went first; a lock would make it anew
    with files.locked(paths):
        if _content(paths, paths.gateway).get("pid") == os.getpid():
            paths.gateway.unlink(missing_ok=True)
            spare_place.forget(paths, paths.gateway)
            paths.live.unlink(missing_ok=True)


def _control_file(paths: Paths) -> Path:
    return paths.home / "gateway-control.json"


def _install_file(paths: Paths) -> Path:
    return paths.home / "gateway-install.json"


def is_served(paths: Paths) -> bool:
    """A process holds the right to be this directory's gateway, whatever gateway.json says."""
    try:
        handle = os.open(paths.home / LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not files.try_lock(handle)
    finally:
        os.close(handle)


def _is_running(pid: int) -> bool:
    from pf_tui.state import pids  # most have no gateway

    return pids.is_running(pid)


def _live(paths: Paths, pid: int) -> dict[str, list[object]]:
    """live.json's lists, if this gateway wrote it."""
    content = _object(paths.live)
    if content.get("pid") != pid:
        return {}
    return {name: items for name, items in content.items() if isinstance(items, list)}


def _keep(paths: Paths, path: Path, content: dict[str, object]) -> None:
    """Write a file without which no gateway runs; on a full disk beside it, in memory."""
    try:
        files.write_json(path, content)
    except PfError as error:
        if not spare_place.is_full(error) or not spare_place.write(paths, path, files.json_bytes(content)):
            raise
        try:
            path.unlink(missing_ok=True)  # a full disk takes nothing in, but lets go of what is outdated
        except OSError:
            spare_place.forget(paths, path)
            raise error from None
    else:
        spare_place.forget(paths, path)


def _content(paths: Paths, path: Path) -> dict[str, object]:
    """The file's content, or its stand-in's: there is one only where there is no file."""
    content = _object(path)
    if content:
        return content
    spare = spare_place.of(paths, path)
    return _object(spare) if spare is not None else {}


def _object(path: Path) -> dict[str, object]:
    try:
        return files.read_json(path) or {}
    except PfError:
        return {}


def _to_json(live_request: LiveRequest) -> dict[str, object]:
    return {
        "id": live_request.id,
        "agent": live_request.agent,
        "session": live_request.session,
        "provider": live_request.provider,
        "model": live_request.model,
        "since": to_text(live_request.since),
        "tokens": live_request.tokens,
        "first_byte_ms": live_request.first_byte_ms,
        "attempt": live_request.attempt,
    }


def _from_json(item: object) -> LiveRequest | None:
    if not isinstance(item, dict):
        return None
    since = from_text(item.get("since"))
    provider, model = item.get("provider"), item.get("model")
    if since is None or not isinstance(provider, str) or not isinstance(model, str):
        return None
    first = item.get("first_byte_ms")
    return LiveRequest(
        id=str(item.get("id", "")),
        agent=_text(item.get("agent")),
        session=_text(item.get("session")),
        provider=provider,
        model=model,
        since=since,
        tokens=_count(item.get("tokens")),
        first_byte_ms=first if isinstance(first, int) else None,
        attempt=_count(item.get("attempt")) or 1,
    )


def _session_to_json(live_session: LiveSession) -> dict[str, object]:
    return {
        "agent": live_session.agent,
        "session": live_session.session,
        "provider": live_session.provider,
        "model": live_session.model,
        "at": to_text(live_session.at),
        "status": live_session.status,
        "until": to_text(live_session.until) if live_session.until else None,
    }


def _session(item: object) -> LiveSession | None:
    if not isinstance(item, dict):
        return None
    session, provider, model = item.get("session"), item.get("provider"), item.get("model")
    at, status = from_text(item.get("at")), item.get("status")
    if not (isinstance(session, str) and isinstance(provider, str) and isinstance(model, str)) or at is None:
        return None
    return LiveSession(
        session=session,
        provider=provider,
        model=model,
        at=at,
        status=status if isinstance(status, int) else None,
        until=from_text(item.get("until")),
        agent=_text(item.get("agent")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
