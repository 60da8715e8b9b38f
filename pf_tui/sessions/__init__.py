"""What can be known of running agent sessions, read from what the agents and our hooks leave on disk.

Evidence is stored, states are derived. Nothing here forks a process or writes into an agent's folder, and
nothing of a prompt, a title, a name or a command line is kept. Faces ask `overview.overview`; hooks, which
must not wait, import `evidence` alone.
"""
