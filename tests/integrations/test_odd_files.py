"""Settings as people and other programs leave them: every byte is back after switches and uninstall."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import pytest

from pf_tui import actions
from pf_tui.actions import install
from pf_tui.errors import PfError
from pf_tui.integrations import apply
from pf_tui.state.context import Context

Make = Callable[..., Context]
KEYS = {
    "ANTHROPIC_API_KEY": "k1",
    "OPENROUTER_API_KEY": "k2",
    "OPENAI_API_KEY": "k3",
    "PATH": "/usr/bin:/bin",
}
AGENTS = ("claude-code", "codex", "opencode")

ODD_JSON = {
    "everything-at-once": '\ufeff{\r\n\t// mine }\r\n\t"env": {\r\n\t\t"X": "1", /* { */\r\n\t},\r\n'
    '\t"permissions": {"allow": ["a", "b",],},\r\n\t"mcp": {\r\n\t},\r\n}',
    "duplicate-keys": '{"env": {"A": "1"}, "model": "x",\n "env": {"ANTHROPIC_API_KEY": "k", "B": "2"}, "model": "y"}\n',  # noqa: E501
    "letters": '{"ключ": "значение", "emoji 🚀": "\\ud83d\\ude80", "env": {"ПУТЬ": "ü", "a\\tb": "c"}, "\\u006dodel": 1}',  # noqa: E501
    "numbers": '{"a": 1.0, "b": 1E5, "c": -0, "d": 12345678901234567890123, "env": {"N": "1"}}\n\n\n',
    "line-ends-mixed": '{\n  "model": "x",\r\n  "env": {\r\n    "A": "1"\n  }\n}\r\n',
    "old-macintosh": '{\r\t"model": "opus",\r\t"env": {\r\t\t"A": "1"\r\t}\r}',
    "comment-behind-the-last": '{\n  "env": { // none yet\n  },\n  "hooks": {} // none\n}\n// the end',
    "one-line": '{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"true"}]}]},"env":{"A":"1"}}',
    "nearly-too-large": json.dumps(
        {"env": {"A": "1"}, "permissions": {"allow": [f"Bash(x{n}:*)" for n in range(25_000)]}}
    ),
}

ODD_TOML = {
    "tables-out-of-order": '[[a.b]]\nx = 1\n[a]\ny = 2\n[c]\n[[a.b]]\nx = 2 # end\n[model_providers.mine]\nname = "m"\n',  # noqa: E501
    "keys": '"ключ" = "ü"\n\'a.b\'.c = 1\nmodel = "x"\n"model_provider" = "mine"\n[model_providers."mine"]\nname = "m"',  # noqa: E501
    "texts": "notes = \"\"\"\n[tui]\nmodel = \"no\"\nnotify = [1]\n\"\"\"\nmodel = '''gpt'''\nraw = '#pf-tui# x'\n",  # noqa: E501
    "line-ends": '\ufeffmodel = "x"\r\n\r\n[tui]\r\ntheme = "t"\r\n',
    "our-own-word": 'model = "x" # pf-tui\n# pf-tui is fine\n\n[tui] # pf-tui\n',
    "inline": 'model_providers = { mine = { name = "m", base_url = "http://x" } }\nmodel_provider = "mine"\n',
    "nearly-too-large": 'model = "x"\n'
    + "# a comment of mine\n" * 25_000
    + '[projects."/p"]\ntrust_level = "trusted"\n',
}

MANY = ("everything-at-once", "tables-out-of-order")
"""Switched twenty times; the others go once through every provider."""


@pytest.fixture
def ctx(context: Make) -> Context:
    return context(env=KEYS)


def places(home: Path) -> dict[str, tuple[Path, ...]]:
    return {
        "json": (
            home / ".claude" / "settings.json",
            home / ".config" / "opencode" / "opencode.jsonc",
            home / ".codex" / "hooks.json",
        ),
        "toml": (home / ".codex" / "config.toml",),
    }


def lay(home: Path, kind: str, data: bytes, at: Callable[[Path], Path] = lambda path: path) -> None:
    for path in places(home)[kind]:
        path.parent.mkdir(parents=True, exist_ok=True)
        if (place := at(path)) != path:
            place.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(place)
        place.write_bytes(data)


def tree(home: Path) -> dict[str, tuple[int, bytes]]:
    """What `diff -r` compares, with modes and links: everything but our own state and cache."""
    ours = (home / ".opencode" / "provider-fallback", home / ".cache")
    found = {}
    for path in home.rglob("*"):
        if any(path.is_relative_to(folder) for folder in ours) or path == home / ".opencode":
            continue
        mode = path.lstat().st_mode
        data = (
            str(path.readlink()).encode()
            if path.is_symlink()
            else path.read_bytes()
            if path.is_file()
            else b""
        )
        found[str(path.relative_to(home))] = (mode if not stat.S_ISLNK(mode) else 0, data)
    return found


def live(ctx: Context, times: int = 20) -> None:
    """Install everywhere, switch, install once more, and go."""
    for agent in AGENTS:
        install.install(ctx, agent)
    for provider in islice(cycle(("openrouter", "anthropic-api", "openai-api")), times):
        for agent in ("claude-code", "codex"):
            apply.apply(ctx, agent, ctx.catalog().provider(provider), "gpt-6.1-sol")
    actions.switch(ctx, "openrouter")
    for agent in AGENTS:
        install.install(ctx, agent)
    for agent in AGENTS:
        install.uninstall(ctx, agent)


@pytest.mark.parametrize(
    ("kind", "shape"), [*(("json", shape) for shape in ODD_JSON), *(("toml", shape) for shape in ODD_TOML)]
)
def test_an_odd_file_is_back_byte_for_byte(ctx: Context, home: Path, kind: str, shape: str) -> None:
    lay(home, kind, {"json": ODD_JSON, "toml": ODD_TOML}[kind][shape].encode())
    before = tree(home)

    live(ctx, 20 if shape in MANY else 4)

    assert tree(home) == before


@pytest.mark.parametrize("mode", [0o444, 0o400, 0o640])
def test_modes_and_links_stay(ctx: Context, home: Path, tmp_path: Path, mode: int) -> None:
    for kind, text in (("json", '{"env": {"A": "1"}}'), ("toml", 'model = "x"')):
        lay(home, kind, text.encode(), lambda path: tmp_path / "aside" / path.name)
    for path in (tmp_path / "aside").iterdir():
        path.chmod(mode)
    before, aside = tree(home), tree(tmp_path / "aside")

    live(ctx, 4)

    assert (tree(home), tree(tmp_path / "aside")) == (before, aside)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        pytest.param("json", b'{"model": "\xff\xfe"}', id="latin-1"),
        pytest.param("json", '{"model": "x"}'.encode("utf-16"), id="utf-16"),
        pytest.param("json", b'{"model": "x"', id="cut-off"),
        pytest.param("json", b"[1, 2]", id="a-list"),
        pytest.param("toml", b'model = "x"\nmodel = "y"\n', id="a-key-twice"),
        pytest.param("toml", b'model = "\xff"\n', id="toml-latin-1"),
    ],
)
def test_what_cannot_be_read_is_named_and_left_alone(
    ctx: Context, home: Path, kind: str, data: bytes
) -> None:
    lay(home, kind, data)
    before = tree(home)

    for agent in AGENTS if kind == "json" else ("codex",):
        with pytest.raises(PfError) as told:
            install.install(ctx, agent)
        assert any(str(path) in str(told.value) for path in places(home)[kind]), str(told.value)

    assert tree(home) == before
