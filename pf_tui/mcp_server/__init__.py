"""The MCP server: the ten tools an agent may call, over stdio and over HTTP on this machine.

shapes   arguments and results, from which the schemas are made
tools    the table of tools: name, description, what it calls
server   the protocol: tools, resources, a prompt, notifications
changes  what has changed since the last look
http     loopback only, with a token    stdio   as agents start it

Never a secret in an answer. Its own process: the SDK costs a second to import.
"""
