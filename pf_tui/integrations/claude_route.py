"""Where Claude Code's next request really goes, looked up as the client does.

Settings lie over each other and over the environment: user, project, local, `--settings`, managed (measured
on 2.1.330 and 2.1.332; project settings are those of the working directory, local ones those of the git root
as well, in a worktree those of the main checkout). The client starts a key helper before it has applied a
project's settings, and reads a changed file about a second late, so neither its environment nor the files
are enough: both have to agree, or the client has to be younger than the files.
Invariant: what cannot be read, or can be read in two ways, is no address. Nothing that was read is kept.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from pf_tui import regular_files
from pf_tui.errors import PfError
from pf_tui.integrations import claude_address
from pf_tui.json_values import text_in
from pf_tui.records import record
from pf_tui.rules import key_homes
from pf_tui.rules.key_homes import BASE_URL, VENDOR_URL
from pf_tui.state import ancestors
from pf_tui.state.ancestors import Process

MANAGED = Path("/Library/Application Support/ClaudeCode" if sys.platform == "darwin" else "/etc/claude-code")
"""Where an administrator's settings lie."""

MAX_BYTES = 1 << 20
"""No settings file comes near; the client's own is a few kilobytes."""

START_S = 60.0
"""A client younger than this may still be applying the settings it has read at its start."""

PROGRAM = "claude"


@record
class Layer:
    """One settings document."""

    source: str
    """What a sentence calls it."""
    variables: Mapping[str, object]
    foreign: bool
    """It came with the project, not from the person or the administrator."""
    changed_at: float | None = None
    """Seconds of the clock the file was last changed at; None for what is no file."""


def next_address(
    cwd: Path, env: Mapping[str, str], caller: Process | None, now_s: float, keys: Collection[str] = ()
) -> str:
    """The address that the next request of the Claude Code which called us goes to.

    Args:
        env: our environment, which is the client's where it called us.
        caller: the program that called us; None = a person at a prompt.
        now_s: seconds of the clock that files are dated by.
        keys: variables in which a provider's key may stand.
    Raises:
        PfError: it cannot be said for certain, or a project's settings lead the request elsewhere.
    """
    layers = list(_layers(cwd, env, caller))
    for layer in layers:
        _refuse_detours(layer, keys)
    for name in ("ANTHROPIC_UNIX_SOCKET", "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST"):
        if env.get(name):
            raise withheld(f"{name} is set: another program carries Claude Code's requests")
    url, source = _address(layers, env)
    client = _is_client(caller)
    holds = env.get(BASE_URL) or (VENDOR_URL if client else url)
    early = _address([layer for layer in layers if not layer.foreign], env)[0]
    starting = _same(holds, early) and _just_started(layers, caller, now_s)
    if not _same(holds, url) and not starting:
        raise withheld(
            f"{source} says {key_homes.shown(url)}, but Claude Code is still set to {key_homes.shown(holds)}",
            "it reads the new settings within seconds; start it anew if this stays",
        )
    return url


def _layers(cwd: Path, env: Mapping[str, str], caller: Process | None) -> Iterator[Layer]:
    """Every document, the one that wins last."""
    words = _settings_words(caller)
    sources = words.get("--setting-sources")
    sources_read = None if sources is None else {name.strip() for name in sources.split(",")}
    folders = [cwd]
    if caller is not None and caller.cwd not in (None, cwd) and caller.is_program(PROGRAM):
        folders.append(caller.cwd)
    person = claude_address.config_folder(env)
    names = ["settings.json"]
    if env.get("CLAUDE_CODE_USE_COWORK_PLUGINS"):
        names.append("cowork_settings.json")
    if sources_read is None or "user" in sources_read:
        yield from _documents((person / name for name in names), foreign=False)
    if sources_read is None or "project" in sources_read:
        shared = (folder / ".claude" / "settings.json" for folder in folders)
        yield from _documents((path for path in shared if path != person / "settings.json"), foreign=True)
    if sources_read is None or "local" in sources_read:
        all_folders = dict.fromkeys(parent for folder in folders for parent in (*_roots(folder), folder))
        yield from _documents(
            (parent / ".claude" / "settings.local.json" for parent in all_folders), foreign=True
        )
    if word := words.get("--settings"):
        yield _layer_of(word, folders)
    yield from _documents(_managed(person), foreign=False)
    if word := words.get("--managed-settings"):
        yield _layer_of(word, folders)


def _documents(paths: Iterator[Path], *, foreign: bool) -> Iterator[Layer]:
    for path in paths:
        layer = _document(path, foreign=foreign)
        if layer is not None:
            yield layer


def _managed(person: Path) -> Iterator[Path]:
    yield MANAGED / "managed-settings.json"
    folder = MANAGED / "managed-settings.d"
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names are enough
    except (FileNotFoundError, NotADirectoryError):
        names = []
    except OSError as error:
        raise unreadable(folder, error.strerror or str(error)) from error
    yield from (folder / name for name in names if name.endswith(".json") and not name.startswith("."))
    yield person / "remote-settings.json"


def _roots(folder: Path) -> Iterator[Path]:
    """The git root above a folder, and for a linked worktree the main checkout."""
    root = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)
    if root is None:
        return
    if (root / ".git").is_file():
        link = (_bytes(root / ".git") or b"").decode("utf-8", "replace").partition("gitdir:")[2].strip()
        common = Path(os.path.normpath(root / link))
        try:
            os.lstat(common)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (OSError, ValueError) as error:  # too long, or a NUL in it
            raise unreadable(root / ".git", "it names no folder") from error
        if common.parent.name == "worktrees":
            yield common.parent.parent.parent
    yield root


def _layer_of(value: str, folders: list[Path]) -> Layer:
    """What `--settings` or `--managed-settings` names: JSON itself, or a file."""
    if value.lstrip().startswith("{"):
        return Layer(source="--settings", variables=_variables(value, "--settings"), foreign=False)
    paths = [folder / value for folder in folders]
    path = next((candidate for candidate in paths if candidate.exists()), paths[0])
    inside = any(path.resolve().is_relative_to(root.resolve()) for root in (*folders, *_roots(folders[0])))
    layer = _document(path, foreign=inside, follow=True)
    if layer is None:
        raise unreadable(path, "there is no such file")
    return layer


def _settings_words(caller: Process | None) -> dict[str, str]:
    """The options of the client's command line that name settings, by name; a later one wins."""
    options = ("--settings", "--managed-settings", "--setting-sources")
    if caller is None:
        return {}
    if not caller.exact:
        if any(option in caller.words[0] for option in options):
            raise withheld("Claude Code was started with settings of its own, which cannot be read here")
        return {}
    settings_words: dict[str, str] = {}
    for number, word in enumerate(caller.words):
        name, equals, value = word.partition("=")
        if name in options:
            settings_words[name] = value if equals else "".join(caller.words[number + 1 : number + 2])
    return settings_words


def _document(path: Path, *, foreign: bool, follow: bool = False) -> Layer | None:
    """A settings file; None when there is none. Raises PfError when the client may read another thing."""
    if foreign and not follow:
        _refuse_link(path)
    text = text_of(path)
    if text is None:
        return None
    try:
        changed_s = path.stat().st_ctime
    except OSError as error:
        raise unreadable(path, "it was taken away while it was read") from error
    variables = _variables(text, str(path))
    return Layer(source=str(path), variables=variables, foreign=foreign, changed_at=changed_s)


def _refuse_link(path: Path) -> None:
    """A project's settings that lie outside of it may change without it."""
    if path.is_symlink() or path.parent.is_symlink():
        try:
            outside = not path.resolve(strict=True).is_relative_to(path.parent.parent.resolve())
        except (OSError, RuntimeError) as error:
            raise unreadable(path, "a link that leads nowhere") from error
        if outside:
            raise unreadable(path, "a link that leads out of the project")


def text_of(path: Path) -> str | None:
    """A settings file's text; None when there is none. Raises PfError when it cannot be read."""
    data = _bytes(path)
    if data is None:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(path, "not UTF-8 text") from error


def _bytes(path: Path) -> bytes | None:
    """The content of a regular file of sensible size; None when there is none."""
    try:
        return regular_files.read_regular(path, MAX_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        why = error.strerror or str(error)
        raise unreadable(path, why if error.errno == errno.EFBIG else why.lower()) from error


def _variables(text: str, source: str) -> Mapping[str, object]:
    """The document's `env`."""
    if not text.strip():
        return {}
    try:
        content = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise unreadable(source, "no JSON that can be read in one way only") from error
    variables = content.get("env", {}) if isinstance(content, dict) else None
    if not isinstance(variables, dict):
        raise unreadable(source, "its env is no object" if variables is not None else "no JSON object")
    return variables


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose members stand in it once, and that replaces no prototype."""
    content = dict(pairs)
    if len(content) != len(pairs) or "__proto__" in content:
        raise ValueError
    return content


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _refuse_detours(layer: Layer, keys: Collection[str]) -> None:
    """A project may name an address; whatever else bends the way of a request costs it the key."""
    for name, value in layer.variables.items():
        if name == BASE_URL:
            if not isinstance(value, str):
                raise unreadable(layer.source, f"{BASE_URL} is no text")
        elif layer.foreign and value != "" and (name in keys or key_homes.leads_elsewhere(name)):
            raise withheld(
                f"{layer.source} sets {plain_name(name)}, which can lead requests elsewhere",
                "take it out of the project's settings, or put it into your own",
            )


def _address(layers: list[Layer], env: Mapping[str, str]) -> tuple[str, str]:
    """(address, who says so); an empty one means the vendor's, as for the client."""
    for layer in reversed(layers):
        if BASE_URL in layer.variables:
            return text_in(layer.variables, BASE_URL).strip() or VENDOR_URL, layer.source
    return env.get(BASE_URL, "").strip() or VENDOR_URL, "the environment"


def _same(value: str, other: str) -> bool:
    return value == other or key_homes.same_address(value, other)


def _just_started(layers: list[Layer], caller: Process | None, now_s: float) -> bool:
    """The client began after the last change of its settings, a moment ago: it will apply them all."""
    if caller is None or caller.age_s is None or caller.age_s > START_S:
        return False
    changes = [layer.changed_at for layer in layers if layer.changed_at is not None]
    return all(changed_s < now_s - caller.age_s for changed_s in changes)


def _is_client(caller: Process | None) -> bool:
    return caller is not None and caller.is_program(PROGRAM)


def plain_name(name: str) -> str:
    """A name somebody else wrote, fit for a sentence."""
    return "".join(letter for letter in name[:60] if letter.isalnum() or letter == "_")


def unreadable(source: Path | str, why: str) -> PfError:
    """The refusal for settings that cannot be read."""
    return withheld(
        f"{source} cannot be used ({why}), so nobody knows where requests go", f"correct {source}"
    )


def withheld(why: str, hint: str = "") -> PfError:
    """The refusal to give a key."""
    return PfError(f"no key was given: {why}", hint)


def called_by() -> Process | None:
    """The program that called us. Raises PfError when the system does not tell."""
    try:
        return ancestors.caller()
    except ancestors.Unreadable as error:
        raise withheld("the program that asks for it cannot be looked at") from error
