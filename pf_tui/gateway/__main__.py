"""`python -m pf_tui.gateway [--port N]`: the gateway in this process, as `gateway start` runs it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pf_tui.errors import PfError
from pf_tui.gateway import process
from pf_tui.state.context import Context
from pf_tui.visible import visible


def main(words: list[str]) -> int:
    """Serve until a signal; the last line on stderr says why it could not."""
    port = int(words[1]) if words[:1] == ["--port"] and len(words) > 1 else None
    try:
        return process.run(Context.here("gateway", cwd=Path("/")), port, lambda running: _hush())
    except PfError as error:
        sys.stderr.write(f"{visible(str(error))}\n")
        return error.code


def _hush() -> None:
    """It runs: whoever read our stderr has gone, and a write to a closed pipe would end us."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
