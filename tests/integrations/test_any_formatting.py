"""Settings in any formatting that a person, an editor or a program may give them: every byte is back."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pf_tui.state.context import Context
from tests.examples import examples
from tests.integrations.test_odd_files import KEYS, live, places, tree

Make = Callable[..., Context]
SWITCHES = 20

MEMBERS: dict[str, Sequence[object]] = {
    "model": ("opus", "anthropic/claude-opus-5-5"),
    "env": ({}, {"A": "1", "ПУТЬ": "ü"}, {"ANTHROPIC_API_KEY": "k", "B": "2"}, {"ANTHROPIC_MODEL": "opus"}),
    "apiKeyHelper": ("/vault read \"key\"",),
    "statusLine": ({"type": "command", "command": "my-line # one", "padding": 0},),
    "hooks": (
        {},
        {"Stop": []},
        {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]},
        {"UserPromptSubmit": [{"matcher": "", "hooks": [{"type": "command", "command": "say \\ hi"}]}]},
    ),
    "mcp": ({}, {"own": {"type": "local", "command": ["x", "--y"], "enabled": True}}),
    "mcpServers": ({"own": {"command": "x"}},),
    "plugin": ([], ["./own.js", "opencode-other"]),
    "provider": ({}, {"own": {"npm": "@ai-sdk/openai-compatible", "models": {"m": {}}}}),
    "permissions": ({"allow": ["Bash(ls:*)", "Read"], "deny": []},),
    "modelOverrides": ({}, {"opus": "other"}),
    "numbers": (1.5, -0, 12345678901234567890, None, True),
    "// no comment": ("/* nor here */",),
}  # fmt: skip
COMMENTS = ("// mine", "/* mine } */", '// "env": {', "/* a,\n b */", "//")

TOML_HEADS = (
    'model = "gpt-5.2"', 'model="gpt-6.1-sol"   # the best', "model   =   'o4'", 'model_provider = "mine"',
    '"model_provider" = "openai"', "approval_policy = 'never'", 'notify = ["say", "a ] # in a text"]',
    'notify = [ # why\n\t"say",\n\n  "done", # last\n]', 'instructions = """\nmodel = "no"\n[tui]\n"""',
    "flag = true", "big = 1_000", "when = 2026-11-24T12:00:00Z", '"ключ" = "ü"',
    "mcp_servers.dotted.command = 'x'",
)  # fmt: skip
TOML_TABLES = (
    '[model_providers.mine]\nname = "m"\nbase_url = "http://127.0.0.1:1/v1"',
    "[ tui ] # colours\n\ttheme = 't'",
    '[mcp_servers."other one"]\ncommand = "true"\nenv = { A = "1", B = "2" }',
    '[[profiles.list]]\nmodel = "x"\n[[profiles.list]]\nmodel = "y"',
    '[projects."/home/me/a.b"]\ntrust_level = "trusted"',
    "[features]\nhooks = true",
    "[profiles.p]\nmodel = 'gpt-5.2'\nmodel_provider = 'mine'",
)


class Writer:
    """Writes values in a formatting of its own, which changes from one place to the next."""

    def __init__(self, seed: int) -> None:
        self.any = random.Random(seed)
        self.line_end = self.any.choice(("\n", "\n", "\r\n"))
        self.indent = self.any.choice(("", " ", "  ", "    ", "\t"))
        self.commented = self.any.random() < 0.5
        self.trailing = self.any.random() < 0.4
        self.compact = self.any.choice((0.0, 0.3, 1.0))

    def json(self) -> str:
        """Settings of an agent."""
        names = self.any.sample(list(MEMBERS), self.any.randint(0, 6))
        content = {name: self.any.choice(MEMBERS[name]) for name in names}
        return self._file(self._gap(0) + self._value(content, 1) + self._gap(0))

    def toml(self) -> str:
        """Codex's settings."""
        heads = {text.split("=")[0].strip(' "'): text for text in self.any.sample(TOML_HEADS, 5)}
        tables = self.any.sample(TOML_TABLES, self.any.randint(0, 4))
        parts = self.any.sample(list(heads.values()), self.any.randint(0, len(heads))) + tables
        between = ("\n", "\n\n", "\n# mine\n", "\n\n\n \t\n", "\n# [model_providers.x] # pf-tui?\n")
        text = "".join(part + self.any.choice(between) for part in parts)
        return self._file(text.replace("\t", self.any.choice(("\t", "  "))))

    def _file(self, text: str) -> str:
        text = text.rstrip("\n") + self.any.choice(("", "\n", "\n\n"))
        start = "\ufeff" if self.any.random() < 0.2 else ""
        return start + text.replace("\n", self.line_end)

    def _gap(self, depth: int) -> str:
        """What may stand between two words."""
        gap = "\n" + self.indent * depth if self.any.random() >= self.compact else self.any.choice(("", " "))
        if self.commented and self.any.random() < 0.15:
            comment = self.any.choice(COMMENTS)
            gap = f" {comment}{chr(10) if comment.startswith('//') else ''}{gap}"
        return gap

    def _value(self, value: object, depth: int) -> str:
        if isinstance(value, dict):
            colons = (":", ": ", " : ", ":\t")
            items = [
                json.dumps(name, ensure_ascii=self.any.random() < 0.5)
                + self.any.choice(colons)
                + self._value(item, depth + 1)
                for name, item in value.items()
            ]
            return self._list("{", items, "}", depth)
        if isinstance(value, list):
            return self._list("[", [self._value(item, depth + 1) for item in value], "]", depth)
        return json.dumps(value, ensure_ascii=self.any.random() < 0.5)

    def _list(self, opens: str, items: Sequence[str], closes: str, depth: int) -> str:
        body = "".join(
            self._gap(depth) + item + ("," if place < len(items) - 1 or self.trailing else "")
            for place, item in enumerate(items)
        )
        return opens + body + self._gap(depth - 1) + closes


def rich_home(home: Path, seed: int) -> None:
    """Settings of three agents, each in its own formatting, some of them links into a repository."""
    writer = Writer(seed)
    linked = writer.any.random() < 0.3
    aside = home / "dotfiles"
    if linked:
        aside.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", str(aside)], check=True, timeout=60)
    for kind in ("json", "toml"):
        for number, path in enumerate(places(home)[kind]):
            text = writer.json() if kind == "json" else writer.toml()
            lay_one(path, text.encode(), aside / f"{number}-{path.name}" if linked else None)


def lay_one(path: Path, data: bytes, target: Path | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if target is not None:
        path.symlink_to(target)
    (target or path).write_bytes(data)


@examples(20, one_fixture=True)
@given(seed=st.integers(0, 2**32))
def test_twenty_switches_leave_no_difference_whatever_the_formatting(
    context: Make, home: Path, seed: int
) -> None:
    for left in home.iterdir():
        shutil.rmtree(left)
    rich_home(home, seed)
    ctx = context(env=KEYS)
    before = tree(home)

    live(ctx, SWITCHES)

    assert tree(home) == before
