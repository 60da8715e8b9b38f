"""The one table of command words: help, completions, the dashboard's `:` line and docs/commands.md.

A test compares it with the command tree; a word that is not here does not exist.
"""

from __future__ import annotations

from pf_tui.records import record


@record
class Example:
    """A command line that works as it stands, and what it does."""

    line: str
    does: str


@record
class Command:
    """One word of the command line, or a word and its sub-word."""

    name: str
    """Without `pf-tui`: "status", "auth set"."""
    group: str
    summary: str
    """One line, imperative."""
    examples: tuple[Example, Example]


def find(name: str) -> Command:
    """The command of that name; KeyError when there is none."""
    return _BY_NAME[name]


def top_level() -> tuple[Command, ...]:
    """The first words, in the table's order."""
    return tuple(command for command in COMMANDS if " " not in command.name)


def below(name: str) -> tuple[Command, ...]:
    """The sub-words of a first word."""
    return tuple(command for command in COMMANDS if command.name.startswith(f"{name} "))


# A group ends in a colon; a command has its two examples below it; two spaces part the columns.
_TABLE = """\
Every day:
status  Show who serves, how long it lasts and who is next
    status                    every provider that can serve
    status openrouter --json  one provider as data
switch  Put a provider first
    switch openrouter  serve from openrouter, from the next turn on
    switch next        the one that policy would choose
undo  Take back the latest action
    undo         of any kind: switch, bench, priority, limit
    undo --json  what was undone, as data
redo  Do again what was undone
    redo         the latest undo taken back
    redo --json  what was done again, as data
bench  Let a provider rest
    bench openrouter --for 30m                for half an hour
    bench openrouter --model claude-opus-5-5  one model there, until released
release  Lift the benches of a provider
    release openrouter                          it may serve again
    release openrouter --model claude-opus-5-5  only the bench of one model
why  Show every reason behind the current choice
    why                                           who was skipped, and why
    why --agent claude --model claude-sonnet-5-5  who is asked for that, over which protocol, what is lost
    why --matrix                                  what works with what: each provider with each agent
    why --json                                    the chain as data
events  Show what happened: switches, benches, failures
    events -n 20     the last twenty
    events --follow  and every new one
sessions  Show what every agent session does now
    sessions                    one row per session: state, model, provider, cost
    sessions list --all --json  also those that ended within the hour, as data
sessions list  Show every session
    sessions list --watch  again whenever something changed
    sessions list --json   as data
sessions resume  Let a session go on when its limit is over
    sessions resume 75c41e1d           waits for the reset, then sends it on, once
    sessions resume 75c41e1d --cancel  not any more
sessions auto  Let sessions go on by themselves after a limit
    sessions auto      whether they do
    sessions auto on   OpenCode's sessions go on when they can be served again; `undo` takes it back
    sessions auto off  only those you ask for
sessions focus  Bring a session's tmux pane to the front
    sessions focus 75c41e1d       by the first characters of its id
    sessions focus ses_dfa3b4476  of OpenCode

Settings:
auth  Credentials: which there are, where, and how to set one
    auth                 which provider has a credential
    auth set openrouter  asks for the key and keeps it in the keyring
auth status  Show which provider has a credential and where
    auth status                         all providers
    auth status anthropic-subscription  one, with its expiry and login command
auth check  Try a credential with the cheapest real request
    auth check openrouter         one request to openrouter, nothing is spent
    auth check openrouter --json  its answer as data
auth set  Keep a provider's key
    auth set openrouter                    asks for the key; it is not shown
    auth set openrouter --stdin < key.txt  reads it from a file or a pipe
auth remove  Delete a provider's key
    auth remove openrouter         from the keyring and auth.json
    auth remove openrouter --json  from where, as data
auth import  Move the keys of auth.json into the keyring
    auth import         every key the file holds
    auth import --json  whose keys were moved, as data
auth helper  Print the key of the provider an agent is set to
    auth helper             for Claude Code's apiKeyHelper
    auth helper openrouter  for one provider
models  Models: context, prices, and who serves them
    models --family claude         one family
    models info claude-sonnet-5-5  everything about one model
models list  List models
    models list --provider openrouter             what openrouter serves
    models list --capability vision --all --json  models that see, old and new, as data
models info  Show everything about one model
    models info claude-sonnet-5-5                   limits, prices, providers
    models info anthropic/claude-sonnet-4.5 --json  any spelling is understood
priority  The order in which providers serve
    priority                    show the list
    priority move openrouter 1  make openrouter the first
priority show  Show the list
    priority show         with the state of each provider
    priority show --json  as data
priority set  Make this the whole list
    priority set anthropic-api,openrouter   these two, in this order
    priority set groq,openrouter --project  only in this project
priority add  Append a provider to the list
    priority add openrouter            as the last one
    priority add openrouter --project  only in this project
priority remove  Take a provider off the list; it then never serves
    priority remove groq            everywhere
    priority remove groq --project  only in this project
priority move  Put a provider at a place in the list
    priority move openrouter 1      first
    priority move groq 5 --project  fifth, only in this project
rules  Your own reading of providers' answers
    rules      your rules, in their order
    rules add  failures that nothing recognised
rules list  Show your rules
    rules list         in the order in which they are tried
    rules list --json  as data, with the failures that nothing recognised
rules add  Make a rule of a failure that nothing recognised
    rules add                                               lists them, newest first
    rules add 1 --class quota --scope provider --for 1h     makes a rule of the newest
rules remove  Take a rule away
    rules remove 1         the first of `rules list`
    rules remove 1 --json  what is left, as data
classes  Subagents and small requests: where they are served
    classes                                        each class, and where it goes
    classes set subagent --model claude-haiku-5-5  helpers on a cheaper model
classes list  Show where each class of requests goes
    classes list         one line per class
    classes list --json  as data
classes set  Serve a class of requests elsewhere, through the gateway
    classes set subagent --model claude-haiku-5-5  helpers that a conversation starts
    classes set background --provider openrouter   titles and summaries
classes remove  Let a class go where the conversation goes
    classes remove subagent         as before
    classes remove subagent --json  what is left, as data
allow  Say whether paid providers may follow a used-up plan
    allow paid --ask  only when you say so, each time
    allow paid        what holds now
limits  Limit windows and your own budgets
    limits                                          of every provider in the list
    limits set openrouter --daily 1M --daily-usd 5  your own budget for a day
limits show  Show windows and budgets, and when they run dry
    limits show --refresh                      and when the budget of a LiteLLM proxy's key begins anew
    limits show anthropic-subscription --json  of one, as data
limits set  Set your own budgets for a provider
    limits set openrouter --daily 1M --monthly 10M  tokens per day and month
    limits set openrouter --daily unlimited         no budget for a day any more
init  Write the settings file of this project
    init                   into .opencode/provider-fallback.local.md
    init --dir ~/work/app  of another project
trust  Accept the settings file of a project, as it stands now
    trust                what it sets holds from now on
    trust --list --json  every file you have accepted, as data

Usage:
analytics  Requests, tokens, cost and failures
    analytics 7d                     the last seven days
    analytics 30d --costs --compare  cost by provider, against the 30 days before
analytics show  Show usage of a period
    analytics show 24h --view models                        by model
    analytics show --from 2026-11-01 --to 2026-11-15 --csv  two weeks as a table for a spreadsheet
analytics reset  Delete the history; writes a backup first
    analytics reset          asks first, and says where the backup is
    analytics reset --force  for scripts
ingest  Read the agents' logs now
    ingest                what is new since the last time
    ingest --full --json  everything from the beginning; nothing is counted twice
prices  Show where the prices come from and how old they are
    prices          date and source
    prices update   fetch new ones, only now and only because you asked
    prices --check  every difference to genai-prices' own prices, explained
prices show  Show where the prices come from and how old they are
    prices show          date and source
    prices show --json   as data
    prices show --check  every difference to genai-prices' own prices, explained
prices update  Fetch new prices; the one command that does
    prices update         and price what had no price
    prices update --json  what changed, as data
export  Write the ledger, the figures or the chain out
    export requests --csv > requests.csv  one row per request
    export ledger backup.db               the whole ledger as a SQLite file
export requests  Write one row per request
    export requests 30d > requests.jsonl      JSON lines of the last 30 days
    export requests all --csv > requests.csv  everything as a table
export ledger  Write a copy of the ledger
    export ledger backup.db              a SQLite file, whole even while agents run
    export ledger - | zstd > backup.zst  into a pipe
export litellm  Write the chain as a LiteLLM proxy's configuration
    export litellm > config.yaml         for a team: the same order, keys by the names of their variables
    export litellm --dir ~/work/app      the chain of another project
export openmetrics  Print the figures for Prometheus and what reads its text
    export openmetrics                    sums of the ledger, limit windows, the gateway's life
    export openmetrics > figures.prom     for a collector that reads files
export otlp  Send the figures to an OpenTelemetry receiver, once
    export otlp --endpoint http://localhost:4318  protobuf over HTTP; what is sent twice counts once
    export otlp --json                            to OTEL_EXPORTER_OTLP_ENDPOINT; what was sent, as data
import  Take over another machine's ledger, or the original plugin's figures
    import ledger laptop.db --as laptop  what `export ledger` wrote there
    import analytics.json                of the original plugin; a second time adds nothing
import analytics  Take over the original plugin's analytics.json
    import ~/plugins/provider-fallback-plugin/.data/analytics.json  once; a second time adds nothing
    import analytics.json --json                                    what was taken over, as data
import ledger  Lay another machine's ledger into this one
    import ledger laptop.db --as laptop  each request once, in any order
    import ledger - --json < laptop.db   from a pipe; what was new, as data

Agents:
install  Set up an agent: hooks, commands, status line
    install claude-code --dry-run  shows the exact change
    install claude-code            makes it
uninstall  Take everything out of an agent again
    uninstall claude-code         its settings are as before
    uninstall opencode --dry-run  shows the exact change
pause  Take pf-tui out of every agent, now
    pause         their settings are as they were before pf-tui
    pause --json  what happens to each agent, as data
resume  Put pf-tui back into the agents it was in
    resume         after `pause`; each follows whoever serves now
    resume --json  what happens to each agent, as data
run  Start an agent behind the gateway, for this run only
    run claude                         a limit no longer ends the turn
    run codex -- exec 'fix the tests'  words after -- go to the agent
doctor  Check everything; each finding with its cure
    doctor         what is well and what is not
    doctor --json  as data
hook  Answer an agent's hook (agents call this)
    hook claude-code SessionStart < event.json  as Claude Code calls it
    hook codex Stop < event.json                as Codex calls it
statusline  Print Claude Code's status line (Claude Code calls this)
    statusline < status.json  one line
    install claude-code       puts it into Claude Code

Servers:
drill  Rehearse a failure against your own chain, for free
    drill                     what happens when the active provider hits its limit
    drill --fault 529 --json  an overload, as data
gateway  The local gateway that saves the turn in flight
    gateway start       in the background
    gateway env claude  what a shell needs to use it
gateway start  Start the gateway in the background
    gateway start                     on a free port
    gateway start --port 4100 --json  on this port; its address as data
gateway stop  Stop the gateway when its requests have ended
    gateway stop         lets running requests finish
    gateway stop --json  as data
gateway status  Show whether the gateway runs, and where
    gateway status         address, process, since when
    gateway status --json  as data
gateway run  Run the gateway in this terminal
    gateway run              until ctrl+c
    gateway run --port 4100  on this port
gateway auto  Lead agents to the gateway where they need it
    gateway auto on         a provider that an agent reaches through the gateway alone serves it without `run`
    gateway auto off --json  no longer; what that changes, as data
gateway env  Print what a shell needs so that an agent uses the gateway
    gateway env claude    export lines
    gateway env opencode  for OpenCode
mcp  Serve the MCP tools to an agent
    mcp                     over stdin and stdout, as agents start it
    mcp --http --port 3848  over HTTP on this machine
serve  Show the dashboard in a browser on this machine
    serve              on 127.0.0.1
    serve --port 8300  on this port

This program:
completion  Complete words, options, providers and models in your shell
    completion              sets up the shell you use
    completion bash > file  the script itself
man  Show the manual page
    man         with your machine's man
    man --link  so that `man pf-tui` finds it too
reset-terminal  Bring back a terminal that a killed program left broken
    reset-terminal         cursor, mouse, screen and colours
    reset-terminal --json  says that it was done
"""


def _read(table: str) -> tuple[Command, ...]:
    commands: list[Command] = []
    lines = [line for line in table.splitlines() if line.strip()]
    group = ""
    for index, line in enumerate(lines):
        if line.endswith(":"):
            group = line[:-1]
        elif not line.startswith(" "):
            name, _, summary = line.partition("  ")
            examples = (_example(lines[index + 1]), _example(lines[index + 2]))
            commands.append(Command(name=name, group=group, summary=summary.strip(), examples=examples))
    return tuple(commands)


def _example(line: str) -> Example:
    words, _, does = line.strip().partition("  ")
    return Example(line=f"pf-tui {words}", does=does.strip())


COMMANDS = _read(_TABLE)
GROUPS = tuple(dict.fromkeys(command.group for command in COMMANDS))
"""The order of the help's sections."""

_BY_NAME = {command.name: command for command in COMMANDS}
