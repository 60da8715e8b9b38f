"""What can be known of running agent sessions, read from what the agents and our hooks leave on disk.

Evidence is stored, states are derived. Nothing here forks a process or writes into an agent's folder, and
nothing of a prompt, a title, a name or a command line is kept.
"""

from pf_tui.sessions.overview import Watch as Watch
from pf_tui.sessions.overview import overview as overview
from pf_tui.sessions.records import Focus as Focus
from pf_tui.sessions.records import Session as Session
from pf_tui.sessions.records import WindowShare as WindowShare
