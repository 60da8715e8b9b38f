"""Claude Code's settings.json: our status line, and the route to the provider that serves.

A route is the base URL in `env`, the keys there emptied, `apiKeyHelper`, and in `modelOverrides` what the
provider calls each model. What stood there before is kept in the same file under "pf-tui" and put back on
the way out, so a person's key never leaves the file it was in. Every other byte stays. Pure: texts in,
texts out.
Measured on Claude Code 2.1.330: the client passes over the unknown member, hot-reloads `env`,
`apiKeyHelper` and `modelOverrides` together, and keeps the last value of a variable that is merely taken
out.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pf_tui.integrations import jsonc, program
from pf_tui.integrations.claude_address import plain
from pf_tui.rules.key_homes import BASE_URL, VENDOR_URL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # Any: a note's members: two maps of words, and a command

NOTE = "pf-tui"
"""The member that remembers what was there; no client reads it."""

EMPTY = "{}\n"
"""What a route is put into where there was no file; left alone, the file goes again."""

REFRESH_S = 60.0
"""How often an idle client asks for the status line (`refreshInterval`, seconds; 2.1.330 and later).

Written as 60.0, as no person would: so it is known as ours, and goes with our line.
"""

HELPER = "apiKeyHelper"
ENV, MODELS = "env", "modelOverrides"
ALIASES = tuple(f"ANTHROPIC_DEFAULT_{line}_MODEL" for line in ("FABLE", "OPUS", "SONNET", "HAIKU"))
"""Variables that only a route with other model names sets."""


def routed(
    text: str,
    provider: str,
    env: Mapping[str, str],
    helper: str | None,
    *,
    models: Mapping[str, str] | None = None,
    home: bool = False,
    keys: bool = False,
) -> str:
    """The settings with the route to `provider` in them.

    Args:
        env: variables to set; "" empties one that the person's shell may hold.
        helper: the command that prints the key; None = no helper, the login serves.
        models: Claude Code's model id -> the provider's name of what serves for it; empty = the same names.
        home: the way back: a helper and an address of the person's own are put back.
        keys: the person's own keys in `env` as well, because they are this provider's.
    Raises:
        JsoncError: the text cannot be edited.
    """
    original, text = text, text if text.strip("\ufeff \t\r\n") else EMPTY
    settings = jsonc.parse(text)
    last_note, old_note = _note(settings)
    letters = _letters(original, settings)
    text = _without_last(text, settings, last_note, old_note, {ENV: env, MODELS: models or {}}, letters)
    new_values = dict(env)
    for member, values in ((ENV, env), (MODELS, models or {})):
        now = _map(settings, member)
        for name in values:
            if name in now and now[name] != last_note[member].get(name):
                old_note[member][name] = now[name]
    for name in env:
        if name in old_note[ENV] and (keys or (home and name == BASE_URL)):
            new_values[name] = old_note[ENV][name]
    present = settings.get(HELPER) if isinstance(settings, dict) else None
    if present is not None and present != last_note.pop(HELPER, None):
        old_note[HELPER] = present
    if home and HELPER in old_note:
        helper = old_note[HELPER]
    for member, values in ((ENV, new_values), (MODELS, models or {})):
        text = _with(text, member, values)
        last_note[member] |= values
    if helper is not None:
        text = jsonc.set_member(text, (HELPER,), helper)
        last_note[HELPER] = helper
    elif present is not None:
        text = jsonc.remove_member(text, (HELPER,))
    note: dict[str, object] = {"provider": provider}
    for name, part in (("wrote", last_note), ("kept", old_note)):
        if members := {member: value for member, value in part.items() if value or member == HELPER}:
            note[name] = members
    if letters:
        note["letters"] = letters
    return jsonc.set_member(text, (NOTE,), note)


def _letters(text: str, settings: object) -> dict[str, str]:
    """What the person wrote, letter by letter, where JSON alone would not bring it back.

    By its place: "" is the whole of a file without a member, "env" an empty object, "env.NAME" a value.
    """
    note = settings.get(NOTE) if isinstance(settings, dict) else None
    letters = note.get("letters") if isinstance(note, dict) else None
    letters_by_name = {name: raw for name, raw in _entries(letters) if isinstance(raw, str)}
    if isinstance(note, dict):
        return letters_by_name
    if not isinstance(settings, dict) or not settings:
        return {"": text}
    for member in (ENV, MODELS):
        if settings.get(member) == {}:
            letters_by_name[member] = jsonc.raw(text, (member,)) or ""
    key_paths = [(HELPER,), *((member, name) for member in (ENV, MODELS) for name in _map(settings, member))]
    for key_path in key_paths:
        raw = jsonc.raw(text, key_path)
        if raw is not None and raw != json.dumps(jsonc.parse(raw), ensure_ascii=False):
            letters_by_name[".".join(key_path)] = raw
    return letters_by_name


def _entries(content: object) -> Iterator[tuple[str, object]]:
    yield from content.items() if isinstance(content, dict) else ()


def _without_last(
    text: str,
    settings: object,
    old_note: dict[str, Any],
    note: dict[str, Any],
    new_values: Mapping[str, Mapping[str, str]],
    letters: Mapping[str, str],
) -> str:
    """Without the model names of the route before, where the new one has none; the person's own come back.

    `old_note` and `note` forget what is put back. Other variables stay for the new route to name.
    """
    for member in (MODELS, ENV):
        names = [name for name in old_note[member] if name not in new_values[member]]
        names = [name for name in names if member == MODELS or name in ALIASES]
        written_values = {name: old_note[member].pop(name) for name in names}
        own = {name: note[member].pop(name, None) for name in names}
        text = _without(text, member, _map(settings, member), written_values, own, letters.get(member))
    return text


def unrouted(text: str) -> str:
    """The settings as they were before the first route; what the person changed since stays.

    Raises:
        JsoncError: the text cannot be edited.
    """
    settings = jsonc.parse(text)
    if not isinstance(settings, dict) or NOTE not in settings:
        return text
    our_members, note = _note(settings)
    letters = _letters(text, settings)
    text = jsonc.remove_member(text, (NOTE,))
    if settings.get(HELPER) == our_members.get(HELPER):
        text = _restored(text, (HELPER,), note.get(HELPER))
    for member in (MODELS, ENV):
        now, empty = _map(settings, member), letters.get(member)
        text = _without(text, member, now, our_members[member], note[member], empty)
    if "" in letters and jsonc.parse(text) == {}:
        return letters[""]
    for key_path, raw in letters.items():
        member, _, name = key_path.partition(".")
        path = (member, name) if name else (member,)
        present = jsonc.raw(text, path)
        if present is not None and jsonc.parse(present) == jsonc.parse(raw):
            text = jsonc.set_raw(text, path, raw)
    return text


def _with(text: str, member: str, values: Mapping[str, str]) -> str:
    """The text with these entries in the member; in one edit where there is no such member yet."""
    settings = jsonc.parse(text)
    if values and not (isinstance(settings, dict) and member in settings):
        return jsonc.set_member(text, (member,), dict(values))
    for name, value in values.items():
        text = jsonc.set_member(text, (member, name), value)
    return text


def _without(
    text: str,
    member: str,
    now: Mapping[str, object],
    written_values: Mapping[str, object],
    own: Mapping[str, object],
    empty: str | None,
) -> str:
    """The text without our entries, the person's own in their place; what is no longer ours stays.

    Args:
        empty: the member as the person wrote it, when it had no entry.
    """
    if written_values and now == written_values and all(value is None for value in own.values()):
        if empty is not None:
            return jsonc.set_raw(text, (member,), empty)
        return jsonc.remove_member(text, (member,))
    for name, value in reversed(list(written_values.items())):
        if now.get(name) == value:
            text = _restored(text, (member, name), own.get(name))
    return text


def _restored(text: str, key_path: tuple[str, ...], own: object) -> str:
    """The text with the person's own value there, or with none."""
    return jsonc.remove_member(text, key_path) if own is None else jsonc.set_member(text, key_path, own)


def route_in(text: str) -> str | None:
    """The provider that the settings lead to by our doing; None when they are the person's own."""
    try:
        settings = jsonc.parse(text)
    except jsonc.JsoncError:
        return None
    note = settings.get(NOTE) if isinstance(settings, dict) else None
    provider = note.get("provider") if isinstance(note, dict) else None
    return provider if isinstance(provider, str) else None


def leads_home(text: str) -> bool:
    """No route of ours leads away from Claude Code's own address and sign-in."""
    if route_in(text) is None:
        return True
    our_members, _ = _note(jsonc.parse(text))
    return HELPER not in our_members and plain(str(our_members[ENV].get(BASE_URL, VENDOR_URL))) == VENDOR_URL


def rerouted(text: str, like: str) -> str:
    """`text` with the route that `like` holds, if it holds one; for an install done twice."""
    settings = jsonc.parse(like)
    if not isinstance(settings, dict) or NOTE not in settings:
        return text
    our_members, _ = _note(settings)
    provider = settings[NOTE].get("provider", "")
    return routed(text, provider, our_members[ENV], our_members.get(HELPER), models=our_members[MODELS])


def with_status_line(text: str, words: Sequence[str]) -> str:
    """The settings with our status line; a person's own is wrapped, another kind of one is left alone."""
    settings = jsonc.parse(text)
    line = settings.get("statusLine") if isinstance(settings, dict) else None
    if line is None:
        setting = {"type": "command", "command": _status_command(words, None), _REFRESH[-1]: REFRESH_S}
        return jsonc.set_member(text, ("statusLine",), setting)
    command = line.get("command") if isinstance(line, dict) else None
    if not isinstance(command, str) or line.get("type") != "command":
        return text
    own = wrapped(command) if _is_ours(command) else command
    text = jsonc.set_member(text, ("statusLine", "command"), _status_command(words, own))
    return text if _REFRESH[-1] in line else jsonc.set_member(text, _REFRESH, REFRESH_S)


def without_status_line(text: str) -> str:
    """The settings with the person's own status line, or none."""
    settings = jsonc.parse(text)
    line = settings.get("statusLine") if isinstance(settings, dict) else None
    command = line.get("command") if isinstance(line, dict) else None
    if not isinstance(command, str) or not _is_ours(command):
        return text
    if (own := wrapped(command)) is None:
        return jsonc.remove_member(text, ("statusLine",))
    if jsonc.raw(text, _REFRESH) == json.dumps(REFRESH_S):
        text = jsonc.remove_member(text, _REFRESH)
    return jsonc.set_member(text, ("statusLine", "command"), own)


def wrapped(command: str) -> str | None:
    """The person's own command inside our status line; None when there is none."""
    if command.startswith(_QUIET_WRAP):
        rest = command.removeprefix(_QUIET_WRAP)
        ends = (offset for offset in range(len(rest)) if rest.startswith("; ", offset))
        return next((rest[at + 2 :] for at in ends if shlex.quote(rest[at + 2 :]) == rest[:at]), None)
    words = _words(command)
    return words[-1] if words[-3:-1] == ["statusline", "--wrap"] else None


def without_route(content: bytes) -> bytes:
    """The same of a file; one that cannot be read or edited as it is."""
    try:
        return unrouted(content.decode()).encode()
    except (UnicodeDecodeError, jsonc.JsoncError):
        return content


def _note(settings: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what we wrote, what we keep for the person) by the note, each with its two maps."""
    note = settings.get(NOTE) if isinstance(settings, dict) else None
    parts = []
    for name in ("wrote", "kept"):
        part = note.get(name) if isinstance(note, dict) else None
        part = dict(part) if isinstance(part, dict) else {}
        parts.append(part | {member: dict(_map(part, member)) for member in (ENV, MODELS)})
    return parts[0], parts[1]


def _map(settings: object, member: str) -> Mapping[str, object]:
    """That member's entries; none where it is no object."""
    mapping = settings.get(member) if isinstance(settings, dict) else None
    return mapping if isinstance(mapping, dict) else {}


_REFRESH = ("statusLine", "refreshInterval")
_QUIET_WRAP = f"{program.IF_THERE} && exec {program.NAME} statusline --wrap "
"""How a line begins that other machines share; the person's own follows twice: for us, and without us."""


def _status_command(words: Sequence[str], own: str | None) -> str:
    if tuple(words) != (program.NAME,):
        return shlex.join([*words, "statusline", *(["--wrap", own] if own is not None else [])])
    if own is None:
        return program.in_shell(words, "statusline")
    return f"{_QUIET_WRAP}{shlex.quote(own)}; {own}"


def _is_ours(command: str) -> bool:
    if command.startswith(_QUIET_WRAP) or command == program.in_shell((program.NAME,), "statusline"):
        return True
    words = _words(command)
    argv = words[:-1] if words[-1:] == ["statusline"] else words[:-3]
    is_status_line = words[-1:] == ["statusline"] or words[-3:-1] == ["statusline", "--wrap"]
    return (
        is_status_line and bool(argv) and (Path(argv[-1]).name == "pf-tui" or argv[-2:] == ["-m", "pf_tui"])
    )


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []
