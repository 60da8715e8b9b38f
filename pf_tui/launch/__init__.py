"""`pf-tui run`: an agent started behind the gateway, for this run only.

env   how each agent is pointed at the gateway      plan   which route it takes, and the process it becomes
"""
