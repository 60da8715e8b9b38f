"""The original plugin, "Provider Fallback Plugin v2.3.0", as another writer of the state folder.

Three of it, with one set of calls: a replay in Python of what it writes, a stand-in that node runs, and the
plugin itself where $PF_TUI_ORIGINAL names its folder. `config.json` is what the plugin wrote into an empty
folder, `captured.json` what it wrote after each of a list of calls.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

HERE = Path(__file__).parent
DEFAULTS: dict[str, Any] = json.loads((HERE / "config.json").read_text())
CAPTURED: list[dict[str, Any]] = json.loads((HERE / "captured.json").read_text())
KINDS = ("replay", "node", "plugin")


class Original(Protocol):
    """The plugin at work: one call of its library at a moment."""

    def __call__(self, at: datetime, call: str, *args: Any) -> Any: ...


@contextmanager
def running(kind: str, home: Path) -> Iterator[Original]:
    """The original of that kind for a person whose home is `home`; skips the test where it cannot run."""
    if kind == "replay":
        yield Replay(home)
        return
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    plugin = os.environ.get("PF_TUI_ORIGINAL")
    if kind == "plugin" and not plugin:
        pytest.skip("$PF_TUI_ORIGINAL does not name the folder of the original plugin")
    words = [node, str(HERE / "driver.mjs"), *([plugin] if kind == "plugin" and plugin else [])]
    env = {"HOME": str(home), "PATH": os.environ["PATH"]}
    process = subprocess.Popen(
        words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    with process:
        yield _ByNode(process)
        assert process.stdin is not None
        process.stdin.close()


class _ByNode:
    """A node process that answers one call after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def __call__(self, at: datetime, call: str, *args: Any) -> Any:
        asked = {"now": round(at.timestamp() * 1000), "call": call, "args": args}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer
        return answer["value"]


class Replay:
    """What the plugin writes, written by Python: the whole file, in place, no lock."""

    def __init__(self, home: Path) -> None:
        self.folder = home / ".opencode" / "provider-fallback"

    def __call__(self, at: datetime, call: str, *args: Any) -> Any:
        self.now = at.astimezone(UTC)
        return getattr(self, call)(*args)

    def loadConfig(self) -> dict[str, Any]:  # noqa: N802 - the plugin's own names
        return {**json.loads(json.dumps(DEFAULTS)), **(self._read("config.json") or {})}

    def saveConfig(self, content: dict[str, Any]) -> None:  # noqa: N802
        self._write("config.json", content)

    def loadUsage(self) -> dict[str, Any]:  # noqa: N802
        usage = self._read("usage.json") or {"version": 2, "lastReset": {}, "providers": {}}
        for reset, counter, today in (
            ("daily", "dailyTokens", f"{self.now:%Y-%m-%d}"),
            ("monthly", "monthlyTokens", f"{self.now:%Y-%m}"),
        ):
            if usage["lastReset"].get(reset) != today:
                for entry in usage["providers"].values():
                    entry[counter] = 0
                usage["lastReset"][reset] = today
        for name in DEFAULTS["usageLimits"]:
            usage["providers"].setdefault(name, {"dailyTokens": 0, "monthlyTokens": 0})
        return usage

    def saveUsage(self, content: dict[str, Any]) -> None:  # noqa: N802
        self._write("usage.json", content)

    def setActiveProvider(self, name: str) -> None:  # noqa: N802
        def first(config: dict[str, Any]) -> None:
            others = [other for other in config["providerPriority"] if other != name]
            config["providerPriority"] = [name, *others]

        self._config(first)

    def setProviderPriority(self, names: list[str]) -> None:  # noqa: N802
        self._config(lambda config: config.update(providerPriority=names))

    def setUsageLimit(self, name: str, daily: int, monthly: int) -> None:  # noqa: N802
        limits = {"dailyTokens": daily, "monthlyTokens": monthly}
        self._config(lambda config: config["usageLimits"].setdefault(name, {}).update(limits))

    def recordUsage(self, name: str, tokens: int) -> None:  # noqa: N802
        usage = self.loadUsage()
        for counter in ("dailyTokens", "monthlyTokens"):
            usage["providers"][name][counter] += tokens
        self.saveUsage(usage)

    def resetUsage(self, name: str | None) -> None:  # noqa: N802
        usage = self.loadUsage()
        for chosen in [name] if name else list(usage["providers"]):
            usage["providers"][chosen] = {"dailyTokens": 0, "monthlyTokens": 0}
        self.saveUsage(usage)

    def setProviderCredentials(self, name: str, given: dict[str, str]) -> None:  # noqa: N802
        keys = self._keys()
        stamp = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        keys["providers"][name] = {**keys["providers"].get(name, {}), **given, "updatedAt": stamp}
        self._write("auth.json", keys, 0o600)

    def removeProviderCredentials(self, name: str) -> None:  # noqa: N802
        keys = self._keys()
        keys["providers"].pop(name, None)
        self._write("auth.json", keys, 0o600)

    def startOAuthFlow(self, name: str, client: str, secret: str) -> None:  # noqa: N802
        tokens = self._read("tokens.json") or {}
        created = round(self.now.timestamp() * 1000)
        pending = {"state": "pending", "clientId": client, "clientSecret": secret, "createdAt": created}
        self._write("tokens.json", {**tokens, f"oauth_state_{name}": pending}, 0o600)

    def _config(self, change: Callable[[dict[str, Any]], object]) -> None:
        config = self.loadConfig()
        change(config)
        self.saveConfig(config)

    def _keys(self) -> dict[str, Any]:
        return self._read("auth.json") or {"providers": {}, "defaultPreference": "subscription"}

    def _read(self, name: str) -> dict[str, Any] | None:
        path = self.folder / name
        content: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
        return content

    def _write(self, name: str, content: dict[str, Any], mode: int = 0o666) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=2, ensure_ascii=False))


def mark_limited(original: Original, at: datetime, following: str) -> None:
    """What the plugin's hook does at a limit: the first provider is used up today, another is put first."""
    config, usage = original(at, "loadConfig"), original(at, "loadUsage")
    first = config["providerPriority"][0]
    usage["providers"][first]["dailyTokens"] = config["usageLimits"][first]["dailyTokens"]
    original(at, "saveUsage", usage)
    config["providerPriority"] = [following, *(n for n in config["providerPriority"] if n != following)]
    original(at, "saveConfig", config)
