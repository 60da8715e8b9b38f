"""The real agents in a home of their own: where they are, what they see, and a terminal to drive them in."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pf_tui.drill.fake_replies import Call

KEYS = {"ALPHA_API_KEY": "sk-alpha-0001", "BETA_API_KEY": "sk-beta-0002"}


WAIT_S = 180.0
"""Against a hang: a real agent's start takes a second, and on a machine that many tests share a minute."""

PACKAGES = {"claude": "@anthropic-ai/claude-code", "opencode": "opencode-ai", "codex": "@openai/codex"}
"""Program -> the npm package that says its version."""


def folders() -> list[str]:
    """Where clients are, each folder a set of versions: $PF_TUI_CLIENTS, as a PATH."""
    return [folder for folder in os.environ.get("PF_TUI_CLIENTS", "").split(os.pathsep) if folder]


class Chosen:
    """The folder whose versions the running test drives; the others after it."""

    folder = ""


def search_path() -> str:
    """Where programs are looked for: the chosen folder, the others, the machine's own PATH."""
    return os.pathsep.join(dict.fromkeys(filter(None, (Chosen.folder, *folders(), os.environ["PATH"]))))


def version(name: str, folder: str) -> str | None:
    """Which version of a client a folder holds, by npm's own word; None where it holds none."""
    if shutil.which(name, path=folder) is None:
        return None
    package = Path(folder).parent / PACKAGES[name] / "package.json"
    try:
        return str(json.loads(package.read_text())["version"])
    except (OSError, ValueError, KeyError):
        return "unknown"


def program(name: str) -> Path:
    """The client: in the folders $PF_TUI_CLIENTS names, else on the PATH; the test is skipped without it."""
    found = shutil.which(name, path=search_path())
    if found is None:
        pytest.skip(f"{name} is not installed (PF_TUI_CLIENTS names folders that hold it; `make clients`)")
    return Path(found)


@dataclass
class Machine:
    """A scratch home with two providers, alpha before beta, whose upstreams are mocks."""

    home: Path
    work: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.home / ".opencode" / "provider-fallback"

    @property
    def env(self) -> dict[str, str]:
        """Nothing of the person's own environment but where programs are."""
        here = Path(sys.executable).parent
        return {
            "HOME": str(self.home),
            "PATH": f"{here}{os.pathsep}{search_path()}",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **KEYS,
            **self.extra,
        }

    def run(self, *words: str, timeout_s: float = WAIT_S) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(
            list(words),
            cwd=self.work,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def pf(self, *words: str) -> str:
        """What a pf-tui command prints; it must succeed."""
        done = self.run(sys.executable, "-m", "pf_tui", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self) -> dict[str, object]:
        content: dict[str, object] = json.loads(self.pf("status", "--json"))
        return content

    def active(self) -> str | None:
        """Who serves."""
        serving = json.loads(self.pf("status", "--json"))["active"]
        return None if serving is None else str(serving["provider"])

    def hooks_log(self) -> str:
        """What hooks could not do; "" when all went well."""
        path = self.state / "hooks.log"
        return path.read_text() if path.exists() else ""


def machine(
    tmp_path: Path, urls: Mapping[str, str], protocol: str, *, others: Mapping[str, str] | None = None
) -> Machine:
    """Make it: `urls` is provider id -> base URL of its mock, in order of priority.

    Args:
        others: provider id -> its protocol, where that is another one.
    """
    made = Machine(home=tmp_path / "home", work=tmp_path / "home" / "work")
    made.work.mkdir(parents=True)
    made.state.mkdir(parents=True, mode=0o700)
    providers = [
        {
            "id": name,
            "name": name.title(),
            "base_url": url,
            "protocols": [(others or {}).get(name, protocol)],
            "env": [f"{name.upper()}_API_KEY"],
        }
        for name, url in urls.items()
    ]
    (made.state / "providers.yaml").write_text(json.dumps({"providers": providers}))
    (made.state / "config.json").write_text(json.dumps({"version": 2, "providerPriority": list(urls)}))
    subprocess.run(["git", "init", "-q"], cwd=made.work, check=True, timeout=WAIT_S)
    return made


def settle_claude(made: Machine) -> None:
    """A home in which Claude Code asks nothing at its start and leaves the machine for nothing."""
    made.extra |= {
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL": "1",
        "DISABLE_AUTOUPDATER": "1",
        "NO_PROXY": "127.0.0.1",
        "HTTPS_PROXY": "http://127.0.0.1:9",  # nobody's port
    }
    (made.home / ".claude").mkdir(exist_ok=True)
    trusted = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    known = {"hasCompletedOnboarding": True, "theme": "dark", "projects": {str(made.work): trusted}}
    (made.home / ".claude.json").write_text(json.dumps(known))


def claude_machine(folder: Path, urls: Mapping[str, str]) -> Machine:
    """A machine with Claude Code and providers that speak its protocol; pf-tui is not in it."""
    program("claude")
    made = machine(folder, urls, "anthropic-messages")
    settle_claude(made)
    return made


@contextlib.contextmanager
def installed(made: Machine, agent: str) -> Iterator[None]:
    """pf-tui is in that agent, set to alpha; whatever gateway was started by then is stopped at the end."""
    made.pf("install", agent)
    made.pf("switch", "alpha")
    yield
    with contextlib.suppress(AssertionError):
        made.pf("gateway", "stop")


def sign_in_to_plan(made: Machine) -> None:
    """Claude Code's own login of a Max plan."""
    login = {
        "accessToken": "sk-ant-oat01-mock",
        "refreshToken": "sk-ant-ort01-mock",
        "expiresAt": 4102444800000,
        "scopes": ["user:inference", "user:profile"],
        "subscriptionType": "max",
    }
    (made.home / ".claude" / ".credentials.json").write_text(json.dumps({"claudeAiOauth": login}))


def wait_until(condition: Callable[[], bool], timeout_s: float = WAIT_S, what: str = "it") -> None:
    """Return once the condition holds; AssertionError when it never does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen in {timeout_s:g} s")
        time.sleep(0.1)


class Terminal:
    """A program in a tmux window."""

    def __init__(self, socket: str) -> None:
        self._socket = socket

    def screen(self) -> str:
        """What is on the screen."""
        return self._tmux("capture-pane", "-p", "-t", "t")

    def wait_for(self, text: str, timeout_s: float = WAIT_S) -> str:
        """The screen once it shows the text; AssertionError with the screen when it does not."""
        deadline = time.monotonic() + timeout_s
        while text not in (screen := self.screen()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} never came; the screen is\n{screen}")
            time.sleep(0.1)
        return screen

    def type(self, text: str) -> None:
        """Type a line; wait until it stands in the prompt."""
        self._tmux("send-keys", "-t", "t", "-l", text)
        self.wait_for(text)

    def submit(self, text: str, shows: str, timeout_s: float = WAIT_S) -> None:
        """Type a line and press Enter until the screen shows something.

        Codex takes an Enter right behind fast typing for part of a paste; one more does no harm.
        """
        self.type(text)
        self.press_until("Enter", shows, timeout_s)

    def press_until(self, key: str, shows: str, timeout_s: float = WAIT_S) -> None:
        """Press a key again and again until the screen shows something: one pressed too early is lost."""
        deadline = time.monotonic() + timeout_s
        while True:
            self.press(key)
            try:
                self.wait_for(shows, min(3.0, timeout_s))
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names."""
        self._tmux("send-keys", "-t", "t", *keys)

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-L", self._socket, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False).stdout


@contextlib.contextmanager
def terminal(machine: Machine, *command: str, width: int = 120, height: int = 44) -> Iterator[Terminal]:
    """Start a program in a terminal of that size; skipped without tmux."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    socket = f"pf-{uuid.uuid4().hex[:8]}"
    settings = [part for name, value in machine.env.items() for part in ("-e", f"{name}={value}")]
    size = ["-x", str(width), "-y", str(height)]
    start = ["tmux", "-L", socket, "-f", "/dev/null", "new-session", "-d", "-s", "t", *size, *settings]
    subprocess.run([*start, "-c", str(machine.work), *command], env=machine.env, timeout=WAIT_S, check=True)
    try:
        yield Terminal(socket)
    finally:
        subprocess.run(
            ["tmux", "-L", socket, "kill-server"], timeout=WAIT_S, check=False, capture_output=True
        )


def shell_call(tools: list[str], command: str) -> Call:
    """A call of whichever tool the agent runs commands with."""
    name = next(name for name in ("Bash", "bash", "exec_command", "shell_command", "shell") if name in tools)
    arguments: dict[str, Any] = {"command": command, "description": "run it"}
    if name == "exec_command":
        arguments = {"cmd": command}
    elif name == "shell":
        arguments = {"command": ["sh", "-c", command]}
    elif name == "shell_command":
        arguments = {"command": command}
    return Call(name=name, arguments=arguments)
