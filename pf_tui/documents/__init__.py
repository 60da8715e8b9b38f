"""What faces say, as plain JSON data: one builder per document of the command line.

status    who serves, every provider          models    the catalog
changes   what a verb did                     settings  priority, limits
auth      credentials, never a secret         history   events, why
words     numbers and times for people        commands  the table of all command words

The command line and the MCP server send these; the dashboard copies them ("row as JSON").
Standard library only: `status --json` and hooks load this room. Fields are added, never renamed.
"""
