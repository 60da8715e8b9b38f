"""The shared files: one room that may open them.

paths        where they are            files     lock, atomic write, bad JSON as one sentence
config       config.json               health    health.json: benches, agents, sessions
journal      journal.jsonl             usage     usage.json for readers of the old shape
project      .opencode/…local.md       overlay   providers.yaml, read once per change
credentials  env, keyring, auth.json, agents' logins: the only room that touches a secret
context      what every verb needs: paths, environment, clock, who asks

Invariant: read again → change → temp file in the same directory → fsync → replace, under one lock;
a file that could not be read is never written over. Standard library only (hooks live here).
"""
