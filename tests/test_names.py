"""Names are nouns that say what they hold; comments cite nothing that a reader of the repository lacks."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pf_tui"

BANNED = (
    ("asked", "what was asked for: model, provider, question, request"),
    ("found", "what was looked for: match, path, row, entry"),
    ("given", "what came in: arguments, words, variables"),
    ("heard", "what arrived: reply, answer, event"),
    ("held", "what is held: lock, credential, pending pieces"),
    ("it", "the thing's own noun"),
    ("kept", "what stays: lines, fields, entries"),
    ("known", "what is known: entry, ids, history"),
    ("left", "what remains (remaining), or where it stands (left_edge, from_provider)"),
    ("one", "the member's own noun: provider, row, session"),
    ("passed", "what was skipped or handed on: skipped, arguments"),
    ("said", "what was said: sentence, answer, complaint"),
    ("seen", "what was observed: readings, events, visited ids"),
    ("some", "what they are: rows, a chunk, a batch"),
    ("taken", "what was taken: batch, route, ids"),
    ("them", "the things' own noun"),
    ("there", "what is in that place: folders, owners, contents"),
    ("told", "what is told: sentence, lines, answer"),
)
"""(word, what to say instead): participles and pronouns that leave the noun out."""

DIALECT = (
    ("book", "ledger, reader, history"),
    ("cockpit", "main_screen"),
    ("deed", "action"),
    ("dice", "rng"),
    ("flight", "in_flight"),
    ("flights", "requests_in_flight"),
    ("ground", "background"),
    ("house", "own theme, own name"),
    ("ink", "colour"),
    ("inks", "colours, span_styles"),
    ("lanes", "packed_counts"),
    ("mine", "what is the subject's own: own_row, of_agent, changed_ids"),
    ("ours", "what is pf-tui's: own_id, own_prices, package_files"),
    ("obstacle", "refusal, why_not"),
    ("passing", "upstream_attempt; of a trouble: transient, temporary"),
    ("piece", "chunk, part"),
    ("pieces", "chunks, parts"),
    ("place", "index, offset, rank, folder, key_path, holder"),
    ("places", "indexes, offsets, ranks, folders, candidates"),
    ("scene", "sandbox"),
    ("seat", "listed_provider"),
    ("sink", "writer"),
    ("stage", "temporary_home, sandbox"),
    ("standing", "eligibility"),
    ("standings", "eligibilities"),
    ("sums", "totals, counts"),
    ("theirs", "whose it is: native_id, foreign_ledger, published"),
    ("ticket", "attempt_token"),
    ("verdicts", "what was judged: outcomes, fits_by_column"),
    ("wall", "limit_hit, full_window; of a clock: local, wall_clock"),
    ("walls", "limit_hits, full_windows"),
    ("wish", "setting, plan"),
    ("wished", "config, setting"),
    ("wishes", "settings, options"),
    ("world", "routing_state, environment, snapshot"),
)
"""(word, the field's word): names that only this house would understand; of classes too."""

PARTICIPLES = (
    "applied", "arrived", "asked", "attempted", "began", "begun", "blocked", "called", "changed", "checked",
    "chosen", "compared", "compiled", "copied", "counted", "delivered", "done", "drawn", "dropped", "escaped",
    "expected", "fetched", "filled", "fitted", "folded", "generated", "gone", "grown", "happened", "joined",
    "keyed", "lifted", "limited", "linked", "listed", "logged", "looked", "lost", "made", "marked", "masked",
    "meant", "merged", "moved", "named", "needed", "observed", "ordered", "packed", "parsed", "planned",
    "priced", "quoted", "ranked", "refused", "released", "remembered", "replaced", "reported", "required",
    "reserved", "resolved", "saved", "sent", "served", "shipped", "shown", "signed", "sized", "spent",
    "spoken", "stored", "switched", "tried", "turned", "typed", "undone", "updated", "used", "waited",
    "wanted", "watched", "withheld", "written", "wrote",
)  # fmt: skip
"""Good names of functions, of truth values and of fields that a contract names; of any other local, parameter
or loop variable they leave the noun out: say which model was wanted, which rows are stored."""

VERBS = ("read",)
"""Good names of functions; of a value they are participles."""

PROSE = re.compile(r'"""(?:.|\n)*?"""|"[^"\n]*"|#.*|\bread\(')
"""What is no name of a value: docstrings, strings, comments, and calls of `read`."""
INSTEAD = dict((*BANNED, *DIALECT))
CONTRACTS = ("class Sums(BaseModel):",)
"""Names that clients of the MCP server read in a schema."""
SUSPECT = re.compile(rf"(?<![a-zA-Z0-9])_*(?:{'|'.join([*INSTEAD, *VERBS])})\b", re.IGNORECASE)
_WORDS = rf"_*(?:{'|'.join(PARTICIPLES)})"
SUSPECT_LOCAL = re.compile(
    rf"(?m)(?<![.\w]){_WORDS}(?: :=| [-+|&]?= |: (?!bool))|\b(?:for|as|lambda|case) {_WORDS}\b"
    rf"|,\s*\*?{_WORDS}\b(?:, \w+)* (?:=|in) |^\s*\*?{_WORDS}, [\w*, ]+ = "
)
"""Where a participle is given a value; most modules need not be parsed."""
LAST = (
    "asked", "begun", "compared", "drawn", "fitted", "found", "given", "heard", "kept", "listed", "made",
    "moved", "planned", "said", "shown", "sized", "taken", "told", "tried", "wanted",
)  # fmt: skip
"""Behind their noun these read like a translation: `rows_found` is `matches`, or just `rows`."""
OPENINGS = ("is_", "was_", "most_", "max_")
"""Behind these a participle is at home: a truth, or a bound."""
SUSPECT_LAST = re.compile(rf"(?i)[a-z]_(?:{'|'.join(LAST)})\b")
SUSPECT_CONSTANT = re.compile(rf"(?m)^\s*_*(?:{'|'.join(PARTICIPLES).upper()})(?: =|: )")
TRUTHS = ("all", "any", "bool", "isinstance")

OLD_MODULES = (
    "agents", "demo/books", "demo/cast", "demo/staging", "drill/replies", "drill/stage", "drill/stand_in",
    "gateway/answers", "gateway/chain", "gateway/drill", "gateway/exchanges", "gateway/flights",
    "gateway/life", "gateway/resting", "gateway/stage", "gateway/streams", "gateway/transport",
    "gateway/verdicts", "gateway/wire", "gateway/world", "ledger/attempts", "ledger/cells",
    "ledger/courses", "ledger/excerpt", "ledger/identity", "ledger/record", "ledger/spans", "ledger/sums",
    "ledger/walls", "cli/world", "documents/standing", "sources", "state/alone",
    "state/inherited", "state/times", "state/zone", "tui/cockpit",
    "tui/course", "tui/doing", "tui/feed", "tui/frame", "tui/ink", "tui/logs", "tui/news", "tui/overlays",
    "tui/report", "tui/roster", "tui/running", "tui/thrift", "tui/turns",
)  # fmt: skip
"""Rooms that have the field's names now; no module takes an old one again."""

OUTSIDE = re.compile(
    r"\b(design|facts)/\w|\bhouse\.md\b|\bstyle\.md\b|\b[Ii]ssue [A-Z]\b|\b[Ii]ssue #?\d{1,2}\b"
)
"""Documents and lists that are not in the repository."""

MOST_ANY = 120


def bindings(tree: ast.AST) -> Iterator[tuple[int, str, bool]]:
    """(line, name, it is a value) of all that a module gives a name: parameters and attributes too."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name, True
            case ast.arg(arg=name):
                yield node.lineno, name, True
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name, False
            case ast.ClassDef(name=name):
                yield node.lineno, name.lower(), False
            case ast.alias(asname=str(name)):
                yield node.lineno, name, True
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                yield node.lineno, name, True


def complaints(text: str) -> list[str]:
    """What is wrong with a module's names."""
    for name in CONTRACTS:
        text = text.replace(name, "class Contract:")
    code = PROSE.sub("", text)
    wrong = []
    if SUSPECT.search(code) or SUSPECT_LAST.search(code) or SUSPECT_CONSTANT.search(code):
        for line, name, is_value in bindings(ast.parse(text)):
            word = name.strip("_").lower()
            last = word.rpartition("_")[2]
            if word in INSTEAD or (is_value and word in VERBS):
                wrong.append(f"line {line}: `{name}` says nothing; say {INSTEAD.get(word, 'what was read')}")
            elif is_value and last != word and last in LAST and not word.startswith(OPENINGS):
                wrong.append(
                    f"line {line}: `{name}` ends in a participle; put it before its noun or leave it out"
                )
            elif name.isupper() and word in PARTICIPLES:
                wrong.append(f"line {line}: `{name}` leaves its noun out: of what is it true?")
    if SUSPECT_LOCAL.search(code):
        wrong += [
            f"line {line}: `{name}` leaves its noun out: of what is it true?"
            for line, name in locals_of(ast.parse(text))
            if name.strip("_") in PARTICIPLES
        ]
    return wrong


def locals_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, name) of each parameter, local and loop variable that is given more than a truth value."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        arguments = function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is None or not ast.unparse(argument.annotation).startswith("bool"):
                yield argument.lineno, argument.arg
        names: dict[str, int] = {}
        truths: set[str] = set()
        for node in ast.walk(function):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.NamedExpr(target=ast.Name(id=name), value=value)
                ) if is_truth(value):
                    truths.add(name)
                case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="bool")):
                    truths.add(name)
                case ast.Name(id=name, ctx=ast.Store()):
                    names[name] = node.lineno
        yield from ((line, name) for name, line in names.items() if name not in truths)


def is_truth(value: ast.expr) -> bool:
    """Whether an expression can be nothing but true or false, as far as it shows."""
    match value:
        case ast.Compare() | ast.UnaryOp(op=ast.Not()) | ast.Constant(value=bool()):
            return True
        case ast.BoolOp(values=values):
            return any(is_truth(part) for part in values)
        case ast.Call(func=ast.Name(id=name)):
            return name in TRUTHS
    return False


def cited(text: str) -> list[str]:
    """Comments and docstrings of a module that point outside the repository."""
    if not OUTSIDE.search(text):
        return []
    comments = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    docstrings = [
        ast.get_docstring(node) or ""
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [words for words in (*comments, *docstrings) if OUTSIDE.search(words)]


@pytest.fixture(scope="module")
def modules() -> dict[str, str]:
    """Path below the package -> text."""
    return {
        str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def test_every_name_is_a_noun_of_what_it_holds(modules: dict[str, str]) -> None:
    wrong = [f"{path} {line}" for path, text in modules.items() for line in complaints(text)]

    assert not wrong, "\n".join(wrong)


REFUSED = {
    "local": "found = 1",
    "parameter": "def f(known): ...",
    "comprehension": "names = [one for one in rows]",
    "lambda": "pick = lambda one: one.key",
    "function": "def told(): ...",
    "class": "class Held: ...",
    "field": "class Step:\n    asked: int",
    "attribute": "self._seen = {}",
    "import": "from words import sentences as said",
    "with": "with lock as held: ...",
    "pair": "for left, right in pairs: ...",
    "walrus": "if (taken := find()): ...",
    "except": "try: ...\nexcept OSError as given: ...",
    "a-verb-as-a-value": "read = stream.size",
    "a-class-of-this-house": "class Cockpit: ...",
    "an-attribute-of-this-house": "self._world = state",
    "whose-without-a-thing": "ours, other = rows",
    "an-index-without-its-name": "for place in range(3): ...",
    "a-constant": "_KNOWN = 1",
    "a-participle-as-a-constant": "SHOWN = 3",
    "a-participle-behind-its-noun": "rows_found = []",
    "a-participle-as-a-parameter": "def f(wanted: str): ...",
    "a-participle-as-a-local": "def f():\n    listed = [*names]",
    "a-participle-in-a-loop": "def f():\n    for served in models: ...",
}


@pytest.mark.parametrize("sample", REFUSED.values(), ids=REFUSED)
def test_a_name_without_a_noun_is_refused(sample: str) -> None:
    assert len(complaints(sample)) in (1, 2)


@pytest.mark.parametrize(
    "sample",
    [
        "def read(path): ...",
        "row = rows[0]",
        "found_at = 1",
        "x = settings.known",
        "def f(paused: bool): ...",
        "def f():\n    changed = old != new",
        "def chosen(names): ...",
        "class Limit:\n    used: float",
    ],
)
def test_a_name_with_a_noun_is_accepted(sample: str) -> None:
    assert complaints(sample) == []


def test_no_module_takes_an_old_rooms_name(modules: dict[str, str]) -> None:
    names = {path.removesuffix(".py").removesuffix("/__init__") for path in modules}

    assert names.isdisjoint(OLD_MODULES)


def test_comments_cite_the_repository_alone(modules: dict[str, str]) -> None:
    wrong = [f"{path} {line}" for path, text in modules.items() for line in cited(text)]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "sample", ["# see design/cli.md", '"""As facts/models.md says."""', "# issue G asks for it"]
)
def test_a_comment_that_cites_another_place_is_refused(sample: str) -> None:
    assert cited(sample)


def test_any_is_rare_and_says_why(modules: dict[str, str]) -> None:
    """The reason stands where `Any` is imported: once for the module's kind of value."""
    lines = [
        (path, line)
        for path, text in modules.items()
        for line in text.split("\n")
        if re.search(r"\bAny\b", line)
    ]
    imports = {path: [] for path, _ in lines}
    for path, line in lines:
        imports[path].append(line)
    unexplained = [
        path
        for path, of_path in imports.items()
        if any("import" in line or line.strip() == "Any," for line in of_path)
        and not any("Any: " in line for line in of_path)
    ]

    assert len(lines) <= MOST_ANY
    assert unexplained == []
