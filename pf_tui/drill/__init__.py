"""Rehearsals of a failure: the real gateway in a sandbox, against fake upstreams. No token is spent.

rehearsal      one failure played through the chain      sandbox       a copy of the state, a clock, a tape
fake_upstream  upstreams that fail as a script says      fake_replies  good answers in each protocol
faults         the ways to fail                          ledger_copy   what the sandbox needs of the ledger
"""
