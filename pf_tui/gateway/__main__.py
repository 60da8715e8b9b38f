"""`python -m pf_tui.gateway [--port N]`: the gateway in this process, as `gateway start` runs it."""

from __future__ import annotations

import sys
from pathlib import Path

from pf_tui.errors import PfError
from pf_tui.gateway import life
from pf_tui.state.context import Context


def main(words: list[str]) -> int:
    """Serve until a signal; the last line on stderr says why it could not."""
    port = int(words[1]) if words[:1] == ["--port"] and len(words) > 1 else None
    try:
        return life.run(Context.here("gateway", cwd=Path("/")), port, lambda running: None)
    except PfError as error:
        sys.stderr.write(f"{error}\n")
        return error.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
