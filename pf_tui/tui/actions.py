"""Everything a person can do in the dashboard, once: bindings, palette, footer, help, docs/keys.md and the
user's keymap are made from this table. What each of them does is in `handlers/`, by the same id.

Keys are plain characters, ctrl+letter and F-keys: all that arrives through tmux and ssh.
"""

from __future__ import annotations

from functools import lru_cache

from pf_tui.records import record


@record
class Action:
    """One thing to do."""

    id: str
    """What a person writes in the keymap; never renamed."""
    keys: tuple[str, ...]
    """As Textual names them, the one to show first."""
    word: str
    """One or two words, for footers."""
    description: str
    """What happens, in a line: help and palette."""
    group: str
    where: tuple[str, ...] = ()
    """Panes in which the key does this; () = everywhere."""


def find(action_id: str) -> Action:
    """The action of that id; KeyError when there is none."""
    return _BY_ID[action_id]


def shown(key: str) -> str:
    """A key as people write it: `?`, `ctrl+p`, `space`."""
    return _SIGNS.get(key, key)


@lru_cache(maxsize=512)
def done_by(key: str, pane: str) -> str:
    """The id of what a key, as people write it, does in a pane; "" when it does nothing there."""
    here = [
        action
        for action in ACTIONS
        if key in map(shown, action.keys) and (not action.where or pane in action.where)
    ]
    return max(here, key=lambda action: len(action.where) > 0).id if here else ""


# Columns: id | keys | panes in which it holds (- = everywhere) | word | description. A group ends in a colon.
_TABLE = """
Who serves:
switch | enter | providers models | switch | Switch to this provider, or to the first that serves this model
quick-switch | s | - | switch to … | Choose a provider from a short list by 1–9 or a–z
next | n | - | next | Switch to the next provider by policy
undo | u | - | undo | Take back the latest action
redo | U | - | redo | Do again what was undone
move-down | J | providers | lower | Move this provider down in the order
move-up | K | providers | higher | Move this provider up in the order
auto-switch | a | - | auto-switch | Turn automatic switching on or off
bench | b | providers | bench | Let this provider rest, or release it
allow-paid | P | - | spend today | Let paid providers follow a used-up plan until midnight, or ask again
why | w | - | why | Show every reason behind the current choice
drill | d | - | drill | Show what would happen if the active provider failed now

One provider:
detail | right l | providers | detail | Show credentials, limits, models, errors and benches of this provider
credential | c | providers limits | credential | Check, set or remove the credential of this provider
edit | e | providers limits | budget | Set your own budgets for this provider

One session:
session | enter right l | sessions | show | Show this session: what it asked, its cost, limits and moves
session-move | p | sessions | move | Move this session alone to another provider
session-resume | r | sessions | resume | Let this session go on when its limit is over, or take that back
session-focus | f | sessions | focus | Bring this session's tmux pane to the front
install | i | - | install | Put pf-tui into the agent whose sessions go their own way

Panes:
providers | 1 | - | providers | Go to the providers
models | 2 | - | models | Go to the models
limits | 3 | - | limits | Go to the limits
analytics | 4 | - | analytics | Go to the analytics
sessions | 5 | - | sessions | Go to the sessions
events | 0 | - | events | Go to the events
pane-next | tab | - | next pane | Go to the next pane
pane-previous | shift+tab | - | previous | Go to the previous pane
zoom | z | - | zoom | Show this pane alone, or all of them again
freeze | space | - | freeze | Hold the screen still, or let it go on

In a list:
down | down j | - | down | One line down
up | up k | - | up | One line up
page-down | ctrl+d pagedown | - | page down | Half a page down
page-up | ctrl+u pageup | - | page up | Half a page up
top | g home | - | top | To the first line
bottom | G end | - | bottom | To the last line
filter | slash | - | filter | Show only what matches; esc or ctrl+u clears
order | o | providers models analytics sessions | order | Order by the next column
period-shorter | left_square_bracket | - | shorter | A shorter period: 1h, 5h, 24h, week, 7d, 30d, 90d, all
period-longer | right_square_bracket | - | longer | A longer period
view | v | - | view | Draw cost, tokens or requests: as bars, then as lines
chart | V | - | lines | Draw the same as lines, or as bars again
group-next | enter right l | analytics | by … | Group by provider, model, project, agent
group-previous | left h | analytics | by … | Group by the one before
all-models | A | models | all | Show the models beside the 116, or hide them
evidence | enter right l | events | evidence | Show the evidence behind this event

Take with you:
copy | y | - | copy | Copy the name in this row
copy-row | Y | - | copy as JSON | Copy this row as JSON
screenshot | S | - | screenshot | Save the screen as SVG and text, secrets masked

This program:
command | colon | - | command | A line for pf-tui's own words, with history and completion
palette | ctrl+p | - | palette | Find anything by name
theme | t | - | theme | Choose the colours; they show while you look
help | question_mark f1 | - | keys | Show every key of this pane, searchable
ingest | R | - | read logs | Read the agents' logs now, also after it was stopped
cancel | escape x | - | cancel | Clear the filter; stop long work; put the question off; hide the red line
redraw | ctrl+l | - | redraw | Draw the screen anew
quit | q | - | quit | Close what is open, else quit
quit-now | ctrl+q ctrl+c | - | quit now | Quit
"""

_SIGNS = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "esc",
    "right": "→",
    "left": "←",
    "up": "↑",
    "down": "↓",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "f1": "F1",
}


def _read(table: str) -> tuple[Action, ...]:
    actions: list[Action] = []
    group = ""
    for row in table.strip().splitlines():
        if row.endswith(":"):
            group = row[:-1]
        elif row:
            action_id, keys, where, word, description = (cell.strip() for cell in row.split("|"))
            actions.append(
                Action(
                    id=action_id,
                    keys=tuple(keys.split()),
                    word=word,
                    description=description,
                    group=group,
                    where=() if where == "-" else tuple(where.split()),
                )
            )
    return tuple(actions)


ACTIONS = _read(_TABLE)
GROUPS = tuple(dict.fromkeys(action.group for action in ACTIONS))
_BY_ID = {action.id: action for action in ACTIONS}
