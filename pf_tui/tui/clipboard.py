"""Into the clipboard, whichever way this terminal has: OSC 52, tmux's own buffer, macOS's pbcopy.

tmux drops an app's OSC 52 unless `set-clipboard on`; `load-buffer -w` goes through tmux itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

TIMEOUT_S = 2.0


def copy(app: App[None], text: str) -> str:
    """Copy; returns what to add to the sentence about it ("", or through what it went)."""
    app.copy_to_clipboard(text)
    command = way(os.environ, sys.platform)
    if command is None:
        return ""
    threading.Thread(target=_pipe, args=(command, text), daemon=True).start()
    return " (tmux)" if command[0] == "tmux" else ""


def way(env: Mapping[str, str], platform: str) -> Sequence[str] | None:
    """The program to pipe the text to, beside OSC 52; None when there is none to help."""
    if env.get("TMUX") and shutil.which("tmux", path=env.get("PATH")):
        return ("tmux", "load-buffer", "-w", "-")
    if platform == "darwin" and not env.get("SSH_CONNECTION") and shutil.which("pbcopy"):
        return ("pbcopy",)
    return None


def _pipe(command: Sequence[str], text: str) -> None:
    try:
        subprocess.run(
            list(command),
            input=text.encode(),
            timeout=TIMEOUT_S,
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return
