"""The dashboard with 60 providers and 30,000 sessions in the ledger, beside a minimal Textual app.

python -m tests.bench.crowded [--sessions 30000] [--keep FILE]

The same budgets as the dashboard's; `--keep` leaves the ledger there, or takes the one that lies there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import dashboard, views
from tests.tui.terminal import Terminal

PROVIDERS = 60
LEDGER = "ledger.db"
OWN = "own-gateway-{:02}"


def main() -> None:
    """Print the table."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--sessions", type=int, default=int(os.environ.get("PF_TUI_BENCH_SESSIONS", "30000")))
    words.add_argument("--keep", type=Path)
    given, _ = words.parse_known_args()
    with dashboard.home() as world:
        state = Path(world["HOME"]) / ".opencode" / "provider-fallback"
        own = [OWN.format(number) for number in range(PROVIDERS - 25)]
        listed = [
            {
                "id": name,
                "name": name,
                "base_url": "https://example.invalid",
                "protocols": ["openai-chat"],
                "env": ["OWN_API_KEY"],
            }
            for name in own
        ]
        (state / "providers.yaml").write_text(json.dumps({"providers": listed}))
        order = ["openrouter", "groq", "openai-api", "deepseek-api", *own]
        (state / "config.json").write_text(json.dumps({"version": 2, "providerPriority": order}))
        ledger = given.keep or state / LEDGER
        if not ledger.exists():
            views.make(ledger, given.sessions * views.MEAN_ROWS, datetime.now(UTC))
        if given.keep:
            shutil.copy(ledger, state / LEDGER)
        crowd = {**world, "OWN_API_KEY": "x"}
        dashboard.compare(crowd)
        with Terminal(dashboard.DASHBOARD, crowd) as terminal:
            terminal.see("served by")
            terminal.quiet(2.0)
            print(terminal.text())


if __name__ == "__main__":
    sys.exit(main())
