"""Which worker runs which tests: a file stays together, and the files that take long come first.

What the tests of a file share (a walk, a wheel, the types of an SDK) is then made once, and no worker is
left alone with a long file at the end. xdist's own groups are names in test ids, which pytest 9.2 no longer
lets it change.
"""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadFileScheduling

LONGEST = (
    "tests/e2e/",
    "tests/demo/test_on_screen.py",
    "tests/tui/test_terminal.py",
    "tests/gateway/test_fault_matrix.py",
    "tests/tui/test_layouts.py",
    "tests/cli/test_bad_input.py",
    "tests/hostile/test_upstream.py",
    "tests/hostile/test_machine.py",
    "tests/tui/",
    "tests/gateway/",
    "tests/launch/",
    "tests/demo/",
    "tests/cli/",
    "tests/mcp/",
    "tests/ingest/",
    "tests/hostile/",
)
"""Files and folders that take long, the longest first."""


class LongestFirst(LoadFileScheduling):
    """Whole files, in the order of LONGEST; what is not named there comes last, as it was collected."""

    def __init__(self, config: Any, log: Any) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _assign_work_unit(self, node: Any) -> None:
        """xdist's own seam: hand the first file of the queue to a worker."""
        self.workqueue.move_to_end(min(self.workqueue, key=_rank), last=False)
        super()._assign_work_unit(node)


def _rank(file: str) -> int:
    return next((place for place, name in enumerate(LONGEST) if file.startswith(name)), len(LONGEST))
