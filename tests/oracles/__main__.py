"""Every case through us and through the programs that are installed: `python -m tests.oracles`.

PF_TUI_ORACLES names the Pythons that hold them, as a PATH. Prints right, wrong and not offered for each.
--write keeps the counts in docs/oracles.json, whose table is in docs/any-model.md; --wrong lists each wrong
case.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pf_tui import __version__
from tests.oracles import ours
from tests.oracles.streams import CASES, Case

PEER = Path(__file__).with_name("peer.py")
COUNTS = Path(__file__).parents[2] / "docs" / "oracles.json"
PROGRAMS = ("litellm", "any-llm", "llm-rosetta")
PACKAGES = {"litellm": "litellm", "any-llm": "any_llm", "llm-rosetta": "llm_rosetta"}
LIMIT_S = 1200


def main() -> int:
    """Ask all; 1 when a case is wrong here."""
    verdicts = {"pf-tui": {case.id: ours.verdict(case, *ours.asked(case)) for case in CASES}}
    versions = {"pf-tui": __version__}
    for name in PROGRAMS:
        python = _python_with(PACKAGES[name])
        if python is None:
            print(f"{name} is not asked: no Python of $PF_TUI_ORACLES has it")
            continue
        versions[name], verdicts[name] = _asked(name, python)
    table = {name: _counts(found) for name, found in verdicts.items()}
    for name, counts in table.items():
        right, wrong, missing = (sum(row[place] for row in counts.values()) for place in range(3))
        print(f"{name:12} {versions[name]:10} right {right:4}  wrong {wrong:4}  not offered {missing:4}")
    if "--wrong" in sys.argv:
        for name, found in verdicts.items():
            for case in CASES:
                if found[case.id]:
                    print(f"{name:12} {case.trap:3} {case.id}: {found[case.id]}")
    if "--write" in sys.argv:
        today = datetime.now(UTC).date().isoformat()
        document = {
            "date": today,
            "versions": versions,
            "cases": len(CASES),
            "directions": table,
            "wrong": {name: _names(found) for name, found in verdicts.items()},
        }
        COUNTS.write_text(json.dumps(document, indent=1) + "\n")
    return 1 if any(verdicts["pf-tui"].values()) else 0


def _counts(found: dict[str, str | None]) -> dict[str, list[int]]:
    """Direction -> right, wrong, not offered."""
    counts: Counter[tuple[str, int]] = Counter()
    for case in CASES:
        verdict = found[case.id]
        counts[case.direction, 2 if verdict is None else 1 if verdict else 0] += 1
    directions = dict.fromkeys(case.direction for case in CASES)
    return {way: [counts[way, place] for place in range(3)] for way in directions}


def _names(found: dict[str, str | None]) -> list[str]:
    """The kinds of which a case is wrong, as words."""
    kinds = dict.fromkeys(case.check.__name__ for case in CASES if found[case.id])
    return [kind.replace("_s_", "'s ").replace("_", " ") for kind in kinds]


def _python_with(package: str) -> str | None:
    for python in filter(None, os.environ.get("PF_TUI_ORACLES", "").split(os.pathsep)):
        look = f"import importlib.util,sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
        if subprocess.run([python, "-c", look], check=False).returncode == 0:
            return python
    return None


def _asked(name: str, python: str) -> tuple[str, dict[str, str | None]]:
    """(version, case -> "" right, words wrong, None not offered)."""
    told = json.dumps([_plain(case) for case in CASES])
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/tmp"),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    done = subprocess.run(
        [python, str(PEER), name],
        input=told,
        capture_output=True,
        text=True,
        env=env,
        timeout=LIMIT_S,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{name} did not run: {done.stderr[-2000:]}")
    heard = json.loads(done.stdout)
    return heard["version"], {case.id: _decision(case, heard["results"][case.id]) for case in CASES}


def _plain(case: Case) -> dict[str, Any]:
    raw = b"" if case.answer == "the name that was sent" else case.bytes
    return {
        "id": case.id,
        "client": case.client,
        "upstream": case.upstream,
        "request": case.request,
        "vendor": case.vendor,
        "model": case.model,
        "stream": case.stream,
        "status": case.status,
        "raw": raw.decode("latin-1"),
        "raw_matters": case.raw is not None,
    }


def _decision(case: Case, result: dict[str, Any]) -> str | None:
    if result.get("not_offered") or (not result.get("sent") and not result.get("heard")):
        return None
    return ours.verdict(case, result.get("sent") or {}, result["heard"])


if __name__ == "__main__":
    sys.exit(main())
