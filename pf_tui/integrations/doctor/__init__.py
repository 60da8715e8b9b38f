"""Doctor: everything that keeps pf-tui from working, each finding with its cure. Changes nothing.

One table of small functions. A check returns its findings, the first of them the worst; none = all is
well. `state` looks at our own files, `machine` at what lies under them, `clients` at the agents.
"""

from pf_tui.integrations.doctor.table import CHECKS, Check, Finding, Result, run

__all__ = ["CHECKS", "Check", "Finding", "Result", "run"]
