"""`pf-tui --demo`: a temporary home with generated data that lives, to see what pf-tui is for.

scenario  providers, agents, projects of the demo     story    what happens when (pure)
history   thirty days of use (pure)                  home     the files of the person of the demo
ledger_rows  the history into ledger rows            vendors  fake upstreams that answer, or fail
agents    running sessions: what they ask, what they publish
player    plays the story through the real gateway   session  the home made, the player started, all deleted

Invariant: nothing outside the temporary home is read or written, no real key is seen, no request leaves
this machine.
"""

from pf_tui.demo.session import temporary_home

__all__ = ["temporary_home"]
