"""`pf-tui --demo`: a temporary home with generated data that lives, to see what pf-tui is for.

scenario  providers, agents, projects of the demo     story    what happens when (pure)
history   thirty days of use (pure)                  upstream what a provider answers when it fails (pure)
ledger_rows  requests into ledger rows               home     the files of the person of the demo
agents    running sessions, as the agents publish them
player    plays the story on those files             session  the home made, the player started, all deleted

Invariant: nothing outside the temporary home is read or written, no real key is seen, no request leaves.
"""

from pf_tui.demo.session import stage

__all__ = ["stage"]
