"""Writes the pages that are made from the program itself: `python -m docs.generate`, or `make docs`.

keys from the dashboard's action table, commands from the command table and the parser, settings from
schemas.py, the man page from the same. tests/docs fails when a page and its source differ.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from docs import schemas
from pf_tui import __version__, catalog
from pf_tui.catalog import Provider
from pf_tui.cli.app import root
from pf_tui.clients import CLIENTS
from pf_tui.documents import commands, matrix
from pf_tui.documents.commands import Command
from pf_tui.rules import failures
from pf_tui.tui import actions

DOCS = Path(__file__).parent
MADE = "<!-- made by `make docs`; do not edit -->\n"

EXIT_CODES = (
    (0, "done"),
    (1, "failed; the message says what, where and how to cure it"),
    (2, "wrong usage"),
    (3, "no such provider, model or period; the nearest names are in the message"),
    (4, "a state file cannot be used: file, line and column are named, nothing was overwritten"),
    (5, "a provider had to be chosen and none can serve"),
)
VARIABLES = (
    ("PROVIDER_FALLBACK_HOME", "the folder of the state files; without it ~/.opencode/provider-fallback"),
    ("MCP_PORT, MCP_HOST", "where `pf-tui mcp --http` listens"),
    (
        "CLAUDE_CONFIG_DIR, CODEX_HOME, OPENCODE_CONFIG_DIR, OPENCODE_DB, XDG_DATA_HOME",
        "where agents keep their data",
    ),
    ("NO_COLOR", "no colours"),
    ("TZ", "the zone in which days begin and end"),
)


def main() -> None:
    """Write every page that is not as it should be."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(DOCS.parent)}")


def pages() -> dict[Path, str]:
    """Every generated file and what it must hold."""
    reference = DOCS / "reference"
    made = {
        reference / "keys.md": keys(),
        reference / "commands.md": command_page(),
        reference / "config.md": settings(),
        DOCS / "what-an-answer-means.md": answers(),
        DOCS / "any-model.md": any_model(),
        DOCS / "pf-tui.1": man_page(),
    }
    for name, schema in schemas.SCHEMAS.items():
        made[reference / f"{name}.schema.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return made


# -- keys


def keys() -> str:
    """docs/reference/keys.md"""
    lines = [
        MADE,
        "# Keys",
        "",
        "Every key of the dashboard. `?` shows the same on screen, searchable; `ctrl+p` finds all by name.",
        "To change one, see [keys and themes](../keys-and-themes.md).",
    ]
    for group in actions.GROUPS:
        lines += ["", f"## {group}", "", "| key | what happens | where | id |", "|---|---|---|---|"]
        lines += [_key_row(action) for action in actions.ACTIONS if action.group == group]
    return "\n".join(lines) + "\n"


def _key_row(action: actions.Action) -> str:
    shown = " ".join(f"`{actions.shown(key)}`" for key in action.keys)
    where = ", ".join(action.where) or "everywhere"
    return f"| {shown} | {action.description} | {where} | `{action.id}` |"


# -- what works with what


def any_model() -> str:
    """docs/any-model.md"""
    found = catalog.load()
    cells = matrix.cells(found)
    key = sum(cell.served == "key" for cell in cells)
    through = sum(cell.served == "pass-through" for cell in cells)
    lines = [
        MADE,
        "# Any agent on any provider",
        "",
        "The gateway serves Claude Code, OpenCode and Codex on every provider that sells a key: where the",
        "protocol is another one it translates, where it is the same it fits the request to that vendor.",
        f"Of {len(cells)} pairs {key} are served by key and {through} by the agent's own login with",
        "`--pass-through`; the other logins work in their own clients alone.",
        "",
        "`pf-tui why --matrix` shows the same with what is ready on this machine; with",
        "`--agent codex --model claude-sonnet-5-5` it shows who would be asked, and why the others are not.",
        "",
        "- **native**: the vendor's own agent and protocol; bytes pass as they are",
        "- **dialect**: the same protocol, fitted to the vendor (limits, fields, schemas, tools)",
        "- **translated**: another protocol is spoken to the provider",
        "",
        "How sure: *documented* by the vendor, *reported* by users or read in an SDK, *untried* against it.",
        "",
        "| provider | " + " | ".join(CLIENTS[agent].name for agent in matrix.AGENTS) + " | how sure |",
        "|---|" + "---|" * (len(matrix.AGENTS) + 1),
    ]
    rows = [cells[place : place + len(matrix.AGENTS)] for place in range(0, len(cells), len(matrix.AGENTS))]
    served = [row for row in rows if any(cell.served != "no" for cell in row)]
    for row in served:
        sure = ", ".join(dict.fromkeys(cell.evidence for cell in row if cell.evidence))
        shown = [f"{cell.words} ({cell.protocol})" if cell.protocol else "–" for cell in row]
        lines.append(f"| {row[0].provider} | {' | '.join(shown)} | {sure} |")
    names = ", ".join(row[0].provider for row in rows if row not in served)
    lines += [
        "",
        "Not through the gateway, because their logins or protocols are their own clients' alone:",
        f"{names}.",
        "",
        "## What is lost",
        "",
        "Nothing is dropped in silence: what a request loses is said once in `pf-tui events`.",
        "A web search that its provider cannot run goes to one of your list that can.",
        "",
        "| provider | agent | without |",
        "|---|---|---|",
    ]
    lines += [
        f"| {cell.provider} | {CLIENTS[cell.agent].name} | {', '.join(cell.lost)} |"
        for cell in cells
        if cell.lost
    ]
    lines += [
        "",
        "## Clouds",
        "",
        "| provider | its address needs | proves itself with |",
        "|---|---|---|",
    ]
    lines += [_cloud_row(one) for one in found.providers.values() if one.blanks]
    lines += [
        "",
        "A region also comes from the AWS profile, a project from Google's credential file. `pf-tui doctor`",
        "and `pf-tui auth check PROVIDER` name what is missing, with its cure.",
        "",
        "Bedrock is asked over its Messages endpoint (`/anthropic/v1/messages`) and OpenAI's, not over",
        "InvokeModel or Converse; `pf-tui run claude` unsets `CLAUDE_CODE_USE_BEDROCK`.",
        *_beside_others(),
    ]
    return "\n".join(lines) + "\n"


def _beside_others() -> list[str]:
    """How often each translator is right on the same cases; counted by `python -m tests.oracles --write`."""
    counted = json.loads((DOCS / "oracles.json").read_text())
    programs = counted["directions"]
    shown = {name: f"{name} {counted['versions'][name]}" for name in programs}
    shown["pf-tui"] = "pf-tui"
    lines = [
        "",
        "## Beside other translators",
        "",
        f"{counted['cases']} requests, answers and streams known to break translators, each asked of",
        f"all on {counted['date']}: right / wrong / not offered.",
        "",
        f"| from → to | {' | '.join(shown.values())} |",
        "|---|" + "---|" * len(shown),
    ]
    for way in programs["pf-tui"]:
        cells = [" / ".join(str(number) for number in programs[name][way]) for name in programs]
        lines.append(f"| {way} | {' | '.join(cells)} |")
    sums = [[sum(row[place] for row in programs[name].values()) for place in range(3)] for name in programs]
    cells = [" / ".join(str(number) for number in row) for row in sums]
    lines += [
        f"| all | {' | '.join(cells)} |",
        "",
        "What is right follows from the protocols' own references; `docs/oracles.json` names what each one",
        "gets wrong. Of LiteLLM pf-tui learned that the newest Claude models refuse forced tool calls, a",
        "temperature and thinking that is switched off, so those are left out there.",
    ]
    return lines


def _cloud_row(provider: Provider) -> str:
    needs = "; ".join(
        f"{blank}: {', '.join(f'`{name}`' for name in names if not name.startswith('='))}"
        + "".join(f" (else {name[1:]})" for name in names if name.startswith("="))
        for blank, names in provider.blanks.items()
    )
    keys = ", ".join(f"`{name}`" for name in provider.env if name not in provider.env_pointers)
    logins = {
        "aws": "IAM keys, profile or SSO (`pf-tui[aws]`)",
        "google": "service account or application default credentials (`pf-tui[google]`)",
    }
    proofs = [proof for proof in (keys, logins.get(provider.signing, "")) if proof]
    return f"| {provider.id} | {needs} | {' or '.join(proofs)} |"


# -- answers


def answers() -> str:
    """docs/what-an-answer-means.md"""
    table = yaml.safe_load((DOCS.parent / "catalog" / "answers.yaml").read_text(encoding="utf-8"))["answers"]
    lines = [
        MADE,
        "# What an answer means",
        "",
        "When a provider fails, the body of its answer is read before the status: one table says what each",
        "wording or code means. The first entry that fits wins. What no entry fits is read by what it speaks",
        'of ("your team has consumed its monthly allocation": a quota that is spent; also in Chinese,',
        "Japanese, Korean, Russian and eight more languages), else by its status, and keeps its evidence,",
        "which `pf-tui why` shows.",
        "Your own rules (`pf.gateway.rules` in [config.json](reference/config.md)) come before the table.",
        "",
        "## Classes",
        "",
        "| class | next provider asked | rests | how long where no reset is named |",
        "|---|---|---|---|",
    ]
    for name, known in failures.CLASSES.items():
        bench = "nobody" if known.bench == "none" else f"the {known.bench}"
        lines.append(f"| `{name}` | {'yes' if known.failover else '**no**'} | {bench} | {_rest(known)} |")
    lines += [
        "",
        "## Entries",
        "",
        "| entry | class | rests | ends | recognised by | source |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_answer_row(entry) for entry in table]
    return "\n".join(lines) + "\n"


def _rest(known: failures.FailureClass) -> str:
    if known.bench == "none":
        return "–"
    if known.rest is None:
        return "until the credential changes, or `pf-tui release PROVIDER`"
    after = f", after {known.after} in a row" if known.after > 1 else ""
    return f"{known.rest.total_seconds():.0f} s{after}"


def _answer_row(entry: Mapping[str, Any]) -> str:
    signs = [*entry.get("words", ()), *(f"`{code}`" for code in entry.get("codes", ()))]
    signs += [f"`{name}: {value}`" for name, value in (entry.get("headers") or {}).items()]
    shown = ", ".join(str(sign) for sign in signs[:8]) + (
        f" and {len(signs) - 8} more" if len(signs) > 8 else ""
    )
    status = (
        f" (only {', '.join(map(str, entry['status'][:6]))}{' …' if len(entry['status']) > 6 else ''})"
        if "status" in entry
        else ""
    )
    ends = str(entry.get("ends", "named"))
    ends = f"{ends} s" if ends.isdigit() else ends
    repair = f"; leave out the {entry['repair']}" if "repair" in entry else ""
    scope = entry.get("scope", "as its class")
    source = f"{entry['source']}, {entry['seen']}"
    cells = (f"`{entry['id']}`", f"`{entry['kind']}`{repair}", scope, ends, f"{shown}{status}", source)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


# -- commands


def command_page() -> str:
    """docs/reference/commands.md"""
    lines = [
        MADE,
        "# Commands",
        "",
        "Data goes to stdout, messages to stderr. `--json` prints exactly one JSON document; an error is",
        'then `{"error": {"code", "message", "hint"}}` on stderr. Times are ISO 8601, money is in US dollars',
        "or null.",
        "",
        "```",
        *_usage(root, "pf-tui"),
        "```",
        "",
        *_options(root),
    ]
    for group in commands.GROUPS:
        lines += ["", f"## {group}"]
        for entry in commands.top_level():
            if entry.group == group:
                lines += _word(entry)
    lines += ["", "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES]
    lines += ["", "## Environment", "", "| variable | what it does |", "|---|---|"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in VARIABLES]
    return "\n".join(lines) + "\n"


def _word(entry: Command) -> Iterator[str]:
    below = commands.below(entry.name)
    yield from _section(entry, "###")
    for sub in below:
        yield from _section(sub, "####")


def _section(entry: Command, heading: str) -> Iterator[str]:
    found = command(entry.name)
    yield from ("", f"{heading} {entry.name}", "", f"{entry.summary}.")
    if more := _more(found, entry):
        yield from ("", more)
    yield from ("", "```", *_usage(found, f"pf-tui {entry.name}"))
    wide = max(len(example.line) for example in entry.examples)
    yield ""
    yield from (f"{example.line:<{wide}}   # {example.does}" for example in entry.examples)
    yield "```"
    options = _options(found)
    if options:
        yield from ("", *options)


def command(name: str) -> click.Command:
    """The parser of a word or a word and its sub-word. KeyError when there is none."""
    found: click.Command = root
    for word in name.split():
        context = click.Context(found, info_name=word)
        below = found.get_command(context, word) if isinstance(found, click.Group) else None
        if below is None:
            raise KeyError(name)
        found = below
    return found


def _usage(found: click.Command, path: str) -> list[str]:
    with click.Context(found, info_name=path, terminal_width=100) as context:
        pieces = " ".join(found.collect_usage_pieces(context))
        return [f"{path} {pieces}".rstrip()]


def _more(found: click.Command, entry: Command) -> str:
    """What a command's own text adds to its summary."""
    text = " ".join((found.help or "").split())
    return text.removeprefix(f"{entry.summary}.").strip()


def _options(found: click.Command) -> list[str]:
    rows = list(_option_rows(found))
    return ["| option | what it does |", "|---|---|", *rows] if rows else []


def _option_rows(found: click.Command) -> Iterator[str]:
    for param in found.params:
        if isinstance(param, click.Option) and not param.hidden:
            yield f"| {_option_words(param)} | {_cell(param.help or '')} |"


def _option_words(option: click.Option) -> str:
    words = ", ".join(f"`{word}`" for word in (*option.opts, *option.secondary_opts))
    if option.is_flag or option.count:
        return words
    with click.Context(click.Command("x")) as context:
        return f"{words} {_cell(option.make_metavar(context))}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# -- settings


def settings() -> str:
    """docs/reference/config.md"""
    lines = [
        MADE,
        "# Settings",
        "",
        "The files people edit. Each has a JSON schema beside this page, for editors:",
        "`config.schema.json`, `providers.schema.json`, `project.schema.json`.",
        "A value of the wrong type is an error that names file, line and key; nothing is overwritten.",
    ]
    for schema in schemas.SCHEMAS.values():
        lines += ["", f"## {schema['title']}", "", schema["description"], ""]
        lines += ["| key | value | default | meaning |", "|---|---|---|---|"]
        lines += _setting_rows(schema, "")
    return "\n".join(lines) + "\n"


def _setting_rows(schema: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, inner in _parts(schema):
        path = f"{prefix}.{name}" if prefix else name
        if "description" in inner:
            default = f"`{json.dumps(inner['default'])}`" if "default" in inner else ""
            yield f"| `{path}` | {_kind(inner)} | {default} | {_cell(inner['description'])} |"
        yield from _setting_rows(inner, path)


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from schema.get("properties", {}).items()
    items, more = schema.get("items"), schema.get("additionalProperties")
    if isinstance(items, dict) and "properties" in items:
        yield "[]", items
    elif isinstance(more, dict) and "properties" in more:
        yield "ID", more


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " \\| ".join(str(word) for word in schema["enum"])
    words = {"array": "list", "string": "text", "boolean": "true, false", "integer": "whole number"}
    kinds = schema.get("type", "")
    if schema.get("pattern") == "^unlimited$":
        return 'number, "unlimited"'
    return " or ".join(words.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))


# -- the man page


def man_page() -> str:
    """docs/pf-tui.1, in man(7) macros."""
    lines = [
        f'.TH PF-TUI 1 "" "pf-tui {__version__}" "User Commands"',
        ".SH NAME",
        "pf\\-tui \\- keeps AI coding agents working when a provider runs out",
        ".SH SYNOPSIS",
        ".B pf\\-tui",
        "[\\fIOPTIONS\\fR] [\\fICOMMAND\\fR] [\\fIARGS\\fR]",
        ".SH DESCRIPTION",
        _roff(
            "Shows who serves an AI coding agent now, how long that lasts, who is next and what it cost, and "
            "changes it. Without a command it opens the dashboard."
        ),
        ".SH OPTIONS",
    ]
    for param in root.params:
        if isinstance(param, click.Option):
            lines += [".TP", _roff_options(param), _roff(param.help or "")]
    for group in commands.GROUPS:
        lines.append(f'.SH "{group.upper()}"')
        for entry in commands.COMMANDS:
            if entry.group == group:
                lines += _man_section(entry)
    lines += [".SH DASHBOARD KEYS"]
    for action in actions.ACTIONS:
        shown = ", ".join(actions.shown(key) for key in action.keys)
        lines += [".TP", f".B {_roff(shown)}", _roff(action.description)]
    lines += [".SH EXIT STATUS"]
    for code, meaning in EXIT_CODES:
        lines += [".TP", f".B {code}", _roff(meaning)]
    lines += [".SH ENVIRONMENT"]
    for name, meaning in VARIABLES:
        lines += [".TP", f".B {_roff(name)}", _roff(meaning)]
    return "\n".join(lines) + "\n"


def _man_section(entry: Command) -> Iterator[str]:
    found = command(entry.name)
    yield f'.SS "{_roff(_usage(found, "pf-tui " + entry.name)[0])}"'
    yield _roff(f"{entry.summary}.")
    for param in found.params:
        if isinstance(param, click.Option) and not param.hidden:
            yield from (".TP", _roff_options(param), _roff(param.help or ""))


def _roff_options(option: click.Option) -> str:
    return "\\fB" + _roff(", ".join((*option.opts, *option.secondary_opts))) + "\\fR"


def _roff(text: str) -> str:
    """Text as roff takes it: no line that begins with a control character, plain hyphens."""
    safe = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    safe = "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in safe)
    lines = textwrap.wrap(safe, 100, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(f"\\&{line}" if line[:1] in (".", "'") else line for line in lines)


if __name__ == "__main__":
    main()
