"""A pipe in place of a file that an agent keeps: nobody waits for it, and it is left as it was."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests import program

FILES = (
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".claude/.credentials.json",
    ".claude.json",
    ".codex/config.toml",
    ".codex/hooks.json",
    ".codex/auth.json",
    ".config/opencode/opencode.json",
    ".config/opencode/opencode.jsonc",
    ".config/opencode/antigravity-accounts.json",
    ".local/share/opencode/auth.json",
    ".gemini/oauth_creds.json",
    ".gemini/settings.json",
    ".gemini/projects.json",
    ".aws/config",
    ".aws/credentials",
    ".config/gcloud/application_default_credentials.json",
    ".config/chezmoi/chezmoi.toml",
)

COMMANDS = (
    ("status", "--json"),
    ("why",),
    ("auth", "status"),
    ("doctor", "--json"),
    ("sessions", "--json"),
    ("ingest",),
    ("install", "claude-code", "--dry-run"),
    ("install", "codex", "--dry-run"),
    ("install", "opencode", "--dry-run"),
    ("uninstall", "claude-code"),
    ("switch", "next"),
    ("pause",),
    ("statusline",),
    ("hook", "claude-code", "SessionStart"),
    ("hook", "codex", "SessionStart"),
)


@pytest.fixture
def person(home: Path) -> Path:
    for name in FILES:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(path, 0o644)
    return home


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_pipe_is_not_waited_for(person: Path, words: tuple[str, ...]) -> None:
    env = {"HOME": str(person), "PATH": os.environ["PATH"], "TZ": "UTC", "OPENROUTER_API_KEY": "or-mine"}

    done = program.run(*words, env=env, cwd=person, input="{}")

    assert done.returncode in (0, 1, 4, 5), done.stderr
    assert "Traceback" not in done.stderr
    assert all(stat.S_ISFIFO((person / name).stat().st_mode) for name in FILES)


def test_a_pipe_among_the_secrets_keeps_its_mode(home: Path) -> None:
    state = home / ".opencode" / "provider-fallback"
    state.mkdir(parents=True)
    os.mkfifo(state / "gateway.json", 0o644)
    (state / "gateway.json").chmod(0o644)

    program.run("status", env={"HOME": str(home), "PATH": os.environ["PATH"], "TZ": "UTC"}, cwd=home)

    assert stat.S_IMODE((state / "gateway.json").stat().st_mode) == 0o644
