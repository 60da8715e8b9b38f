"""serve: the dashboard in a browser, for this machine's own page only."""

from __future__ import annotations

import socket
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from pf_tui import called
from pf_tui.cli.serve import own_pages_only

from .conftest import Pf


def test_serve_without_its_extra_is_one_sentence_with_the_cure(
    pf: Pf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    monkeypatch.setitem(sys.modules, "textual_serve", None)

    answer = pf("serve")

    assert answer.code == 1
    assert answer.err == (
        "pf-tui: the browser view needs the package textual-serve, which is not installed\n"
        f"        `{called.install_extra('serve')}` brings it\n"
    )


def test_serve_listens_on_this_machine_only(pf: Pf, monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    asked: list[dict[str, Any]] = []

    class Server:
        def __init__(self, command: str, **options: Any) -> None:
            asked.append({"command": command, **options})

        def serve(self) -> None:
            asked.append({"served": True})

    monkeypatch.setitem(sys.modules, "textual_serve", types.ModuleType("textual_serve"))
    module = types.ModuleType("textual_serve.server")
    module.Server = Server  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "textual_serve.server", module)

    answer = pf("serve", "--port", "8399")

    assert answer.code == 0
    assert asked[0]["host"] == "127.0.0.1"
    assert asked[0]["port"] == 8399
    assert asked[0]["command"].endswith(f"-m pf_tui --dir {project}")
    assert asked[1] == {"served": True}
    assert pf("serve", "--host", "0.0.0.0").code == 2


def test_a_port_in_use_names_another(pf: Pf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve", types.ModuleType("textual_serve"))
    module = types.ModuleType("textual_serve.server")
    module.Server = type("Server", (), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "textual_serve.server", module)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        answer = pf("serve", "--port", str(port))

    assert answer.code == 1
    assert f"port {port} on 127.0.0.1 belongs to another process; nothing was started" in answer.err


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="itself"),
        pytest.param({"Origin": "http://127.0.0.1:{port}"}, 200, id="own-page"),
        pytest.param({"Origin": "http://localhost:{port}", "Host": "localhost:{port}"}, 200, id="localhost"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="page-of-another-site"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, 403, id="another-port"),
        pytest.param({"Origin": "null"}, 403, id="sandboxed-page"),
        pytest.param({"Host": "evil.example:{port}"}, 403, id="a-name-made-to-point-here"),
    ],
)
async def test_only_its_own_page_is_answered(headers: dict[str, str], status: int) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application(middlewares=[own_pages_only])
    app.router.add_get("/", page)
    async with TestClient(TestServer(app)) as client:
        sent = {name: value.format(port=client.port) for name, value in headers.items()}

        answer = await client.get("/", headers=sent)

    assert answer.status == status
