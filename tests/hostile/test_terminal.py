"""Nothing that is not ours reaches a terminal as anything but text."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from pf_tui import hooks
from pf_tui.cli import command_context, look, output, values
from pf_tui.state.paths import PROJECT_FILE, Paths
from pf_tui.text.lines import Span, line, plain, wrap
from pf_tui.visible import escaped, visible
from tests.cli.conftest import NOON, Pf, Terminal
from tests.trusted import trusting

MARKS = {
    "clear screen": "\x1b[2J",
    "title": "\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;cm0gLXJm\x1b\\",
    "C1 CSI": "\x9b31m",
    "C1 OSC": "\x9d0;owned\x9c",
    "device control": "\x1bP+q\x1b\\",
    "carriage return": "fine\rowned",
    "newline": "fine\npf-tui: owned",
    "next line": "fine\x85owned",
    "line separator": "fine\u2028owned",
    "tab and backspace": "a\tb\b\b",
    "bell and NUL-like": "\x07\x01\x7f",
    "bidi override": "\u202eexe.txt",
    "bidi isolate": "\u2066\u2069",
    "zero width": "ope\u200bnrouter",
    "joiner": "a\u200db\u2060",
    "soft hyphen": "open\xadrouter",
    "tags": "\U000e0041\U000e0042",
    "variation selectors": "a\ufe0f\U000e0100",
    "fillers": "\u3164\uffa0\u115f",
    "byte order mark": "\ufeffx",
    "application command": "\x1b_Gf=100,t=f;L2V0Yy9wYXNzd2Q=\x1b\\",
    "privacy message": "\x1b^owned\x1b\\",
    "start of string": "\x1bXowned\x1b\\",
    "C1 application command": "\x9fGa=d\x9c",
    "C1 device control": "\x90$qm\x9c",
    "link": "\x1b]8;;file:///etc/passwd\x1b\\openrouter\x1b]8;;\x07",
    "a link's end alone": "\x1b]8;;\x1b\\",
    "a tower of marks": "o" + "\u0301\u0489\u20dd" * 10,
    "a tower of Tibetan": "\u0f40" + "\u0fb2" * 30,
    "an unending tower": "\u0300" * 40,
    "answers of the terminal": "\x1b[c\x1b[6n\x05",
    "shift out": "\x0eqqq\x0f",
    "Arabic letter mark": "\u061c1234",
}


def some_together() -> list[str]:
    """All marks, as many in one text as a name may be long; as YAML escapes them."""
    texts = [""]
    for mark in MARKS.values():
        if max(mark) < "\U00010000":
            texts[-1:] = [texts[-1] + mark] if len(texts[-1] + mark) < 180 else [texts[-1], mark]
    return texts


together = pytest.mark.parametrize("mark", some_together(), ids=range(len(some_together())))

INVISIBLE = {
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u2028\u2029\u3164\uffa0\u115f\u1160\u034f",
    *(chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cf", "Cs")),
}

TOWER = re.compile(r"[\u0300-\u036f\u0489\u0fb2\u20dd]{9}")
"""Marks over one letter that no script needs."""

both = pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS)


@both
def test_a_shell_is_offered_no_name_with_a_mark_in_it(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def named(name: str) -> SimpleNamespace:
        return SimpleNamespace(name=name)

    catalog = SimpleNamespace(
        providers={"openrouter": named(f"Open{mark}Router"), f"open{mark}x": named("X")}
    )
    monkeypatch.setattr(command_context, "here", lambda: SimpleNamespace(catalog=lambda: catalog))

    offered = values.PROVIDER.shell_complete(
        click.Context(click.Command("use")), click.Argument(["name"]), "open"
    )

    assert [one.value for one in offered] == ["openrouter"]
    assert not INVISIBLE & set(str(offered[0].help))


def clean(shown: str) -> bool:
    """Nothing but letters with few marks each, and the line ends that are our own."""
    return not (set(shown) - {"\n"}) & INVISIBLE and not TOWER.search(shown)


# -- the one function ------------------------------------------------------------------------------------


def test_no_invisible_character_of_unicode_is_left() -> None:
    for char in INVISIBLE:
        assert clean(visible(char))
        assert "\n" not in visible(char)


@given(st.text())
def test_any_text_becomes_one_visible_line_and_stays_so(text: str) -> None:
    shown = visible(text)

    assert clean(shown)
    assert "\n" not in shown
    assert visible(shown) == shown


@given(
    st.text(
        st.characters(categories=("L", "N", "P", "Sm", "Sc"), exclude_characters="\u3164\uffa0\u115f\u1160")
    )
)
def test_letters_of_every_script_stay(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    "word",
    [
        "Tie\u0302\u0301ng Vie\u0323\u0302t",
        "\u05e9\u05c1\u05b8\u0591\u05bd",
        "\u0e17\u0e35\u0e48",
        "\u0f66\u0f92\u0fb2\u0f74\u0f56",
        "\u0915\u094d\u0937\u093f",
    ],
)
def test_letters_keep_the_marks_that_their_script_needs(word: str) -> None:
    assert visible(word) == word


def test_a_tower_of_ten_thousand_marks_is_as_high_as_a_letter() -> None:
    shown = visible("o" + "\u0301" * 10_000 + "penrouter")

    assert shown.startswith("o" + "\u0301" * 8 + "\\u0301\\u0301")
    assert json.loads(escaped(json.dumps("\u0301" * 10_000, ensure_ascii=False))) == "\u0301" * 10_000


def test_pictures_keep_their_look() -> None:
    assert visible("❤️ 数据 ✓ ⚠️ ⣿") == "❤️ 数据 ✓ ⚠️ ⣿"


def test_marks_are_shown_as_githubs_cli_shows_them() -> None:
    assert visible("\x1b[2J\r\n\u202e\x9b") == "^[[2J^M^J\\u202e\\x9b"


# -- every way to a terminal -----------------------------------------------------------------------------


@both
def test_spans_lines_and_paragraphs_of_the_dashboard(mark: str) -> None:
    rows = [
        line(mark),
        line(Span(mark, "bad")),
        (Span("x")._replace(colour="bad"),),
        *wrap(f"a {mark} b", 20),
    ]

    assert all(clean(plain(row)) and "\n" not in plain(row) for row in rows)


@both
def test_tables_headings_and_sentences_of_the_command_line(mark: str) -> None:
    columns = (look.Column(title="a"), look.Column(title="b", shrinks=True))
    rows: list[Text] = [
        *look.table(columns, [[look.plain(mark), look.faint(mark)]], 40),
        *look.titled(mark, mark, 30),
        look.heading(mark, mark),
        *look.wrapped(mark, 30),
    ]

    assert all(clean(row.plain) and "\n" not in row.plain for row in rows)


@both
def test_messages_that_agents_show(mark: str) -> None:
    told = json.loads(
        hooks.answer({"systemMessage": mark, "toast": {"message": mark}, "route": {"modelID": mark}})
    )

    assert clean(told["systemMessage"])
    assert clean(told["toast"]["message"])
    assert told["route"]["modelID"] == mark


@both
@pytest.mark.parametrize(
    "words",
    [
        ("switch",),
        ("bench",),
        ("models", "info"),
        ("status",),
        ("release",),
        ("auth", "check"),
        ("analytics",),
    ],
    ids=" ".join,
)
def test_what_a_person_pasted_comes_back_as_text(pf: Pf, mark: str, words: tuple[str, ...]) -> None:
    answer = pf(*words, mark)

    assert clean(answer.out + answer.err)
    assert "\npf-tui: owned" not in answer.err


TEXT_VIEWS = [
    ("status",),
    ("why",),
    ("priority",),
    ("limits",),
    ("auth",),
    ("events",),
    ("models",),
    ("doctor",),
    ("trust",),
    ("trust", "--list"),
    *(
        ("analytics", "30d", "--view", view)
        for view in (
            *("summary", "providers", "models", "projects", "agents", "sessions"),
            *("days", "blocks", "costs", "errors", "limits", "requests"),
        )
    ),
]


@pytest.fixture
def planted(pf: Pf, project: Path, paths: Paths, home: Path) -> Callable[[str], None]:
    """Plants a mark in every field of every store that somebody else writes."""

    def plant(mark: str) -> None:
        quoted = json.dumps(mark, ensure_ascii=max(mark) < "\U00010000")
        text = f"---\nprovider_priority: [groq, {quoted}]\ndefault_model: {quoted}\n---\n"
        (project / ".opencode").mkdir()
        (project / PROJECT_FILE).write_text(text)
        trusting(paths, project / PROJECT_FILE)
        moment = (NOON - timedelta(hours=1)).isoformat()
        event = {
            "id": mark,
            "ts": moment,
            "who": mark,
            "action": mark,
            "why": mark,
            "before": {"active": mark, mark: mark},
            "after": {"active": mark, mark: mark},
            "evidence": {"text": mark, "agent": mark},
        }
        known = [
            {**event, "action": action} for action in ("switch", "bench", "failover", "apply", "limit", mark)
        ]
        paths.journal.write_text("".join(json.dumps(one) + "\n" for one in known))
        bench = {
            "scope": "provider",
            "provider": "groq",
            "kind": "rate limit",
            "since": moment,
            "until": (NOON + timedelta(hours=1)).isoformat(),
            "source": mark,
            "evidence": {"status": 429, "text": mark, "agent": mark, "session": mark},
            "strikes": 1,
        }
        paths.health.write_text(json.dumps({"version": 1, "benches": [bench, {**bench, "kind": mark}]}))
        folder = home / ".claude" / "projects" / "x"
        folder.mkdir(parents=True)
        rows = [
            {
                "type": "assistant",
                "timestamp": moment.replace("+00:00", "Z"),
                "sessionId": f"{mark}{number}",
                "cwd": f"/work/{mark}",
                "gitBranch": mark,
                "requestId": f"req_{number}",
                "uuid": f"u{number}",
                "isApiErrorMessage": failed,
                "error": "rate_limit" if failed else None,
                "message": {
                    "id": f"msg_{number}",
                    "role": "assistant",
                    "model": "<synthetic>" if failed else f"claude-{mark}",
                    "content": [{"type": "text", "text": f"API Error: 429 {mark}"}],
                    "usage": {"input_tokens": 10, "output_tokens": 10},
                },
            }
            for number, failed in enumerate((False, True, False))
        ]
        (folder / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        pf("ingest")

    return plant


@both
def test_every_text_view_of_planted_stores(pf: Pf, planted: Callable[[str], None], mark: str) -> None:
    planted(mark)

    for words in TEXT_VIEWS:
        for width in (60, 160):
            answer = pf(*words, width=width)

            assert clean(answer.out + answer.err), words
            assert "\npf-tui: owned" not in answer.out, words


@pytest.mark.parametrize("width", [1, 5000, 10**20])
def test_every_text_view_at_a_width_that_no_terminal_has(
    pf: Pf, planted: Callable[[str], None], width: int
) -> None:
    """Narrow, a table keeps its own least width; wide, no line is longer than any terminal is."""
    planted(MARKS["newline"])
    for words in TEXT_VIEWS:
        usual, answer = pf(*words, width=100), pf(*words, width=width)

        assert (answer.code, "inside pf-tui" in answer.err) == (usual.code, False), words
        longest = max(map(len, answer.out.splitlines()), default=0)
        assert longest <= output.MOST_COLUMNS, words


JSON_VIEWS = [
    (*words, "--json") for words in TEXT_VIEWS if words[0] != "trust" and words[-1] != "requests"
] + [("analytics", "30d", "--view", "requests", "--json"), ("switch", "MARK", "--json")]


@together
def test_json_is_the_same_document_and_nothing_a_terminal_obeys(
    pf: Pf, planted: Callable[[str], None], mark: str
) -> None:
    planted(mark)

    assert pf("status", "--json").json["model"] == mark
    for words in JSON_VIEWS:
        answer = pf(*(mark if word == "MARK" else word for word in words))
        assert clean(answer.out + answer.err), words


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_escaped_json_says_the_same(text: str) -> None:
    shown = escaped(json.dumps({text: [text]}, ensure_ascii=False, indent=1))

    assert json.loads(shown) == {text: [text]}
    assert clean(shown)
    shown.encode()


@together
def test_csv_is_exact_in_a_file_and_text_on_a_terminal(
    pf: Pf, planted: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    planted(mark)

    rows = list(csv.reader(io.StringIO(pf("export", "requests", "all", "--csv").out, newline="")))
    assert any(mark in field for row in rows for field in row)

    monkeypatch.setattr(Terminal, "isatty", lambda _: True)
    assert clean(pf("export", "requests", "all", "--csv").out.replace("\r\n", "\n"))


@both
@pytest.mark.parametrize("words", [("export", "litellm"), ("export", "openmetrics")], ids=" ".join)
def test_a_settings_file_is_exact_in_a_file_and_text_on_a_terminal(
    pf: Pf, paths: Paths, words: tuple[str, ...], mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.home.mkdir(parents=True)
    mine = {"id": "mine", "name": mark, "base_url": "http://127.0.0.1:1", "env": "K", "models": [f"m{mark}"]}
    paths.providers.write_text(json.dumps({"version": 1, "providers": [mine]}))
    monkeypatch.setattr(Terminal, "isatty", lambda _: True)

    assert clean(pf(*words).out.replace("\t", " "))


@pytest.mark.parametrize(
    "formula",
    ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", '=HYPERLINK("x")', "=cmd|' /C x'!A0"],
)
def test_no_foreign_text_becomes_a_formula_of_a_spreadsheet(
    formula: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output.csv([["project", "usd"], [formula, -1.5], ["a=b", 3]])

    rows = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))
    assert rows[1:] == [[f"'{formula}", "-1.5"], ["a=b", "3"]]


@both
def test_the_status_line_and_the_sessions_first_line(
    pf: Pf, project: Path, planted: Callable[[str], None], mark: str, home: Path
) -> None:
    planted(mark)
    env = {"HOME": str(home), "GROQ_API_KEY": "x", "TZ": "UTC"}
    event = json.dumps({"session_id": mark, "cwd": str(project), "model": {"id": mark}, "source": "startup"})

    shown, _ = hooks.statusline(event.encode(), env)
    told, _ = hooks.run("claude-code", "SessionStart", event.encode(), env)
    asked, _ = hooks.run(
        "claude-code",
        "UserPromptExpansion",
        json.dumps({"cwd": str(project), "command_name": "provider-status", "command_args": mark}).encode(),
        env,
    )

    assert clean(shown)
    assert all(clean(text) for answer in (told, asked) if answer for text in json.loads(answer).values())


def test_a_ledger_of_planted_names_is_read_as_it_is(
    pf: Pf, planted: Callable[[str], None], paths: Paths
) -> None:
    planted(MARKS["clear screen"])

    with sqlite3.connect(paths.ledger) as ledger:
        sessions = [row[0] for row in ledger.execute("SELECT session FROM requests")]

    assert any("\x1b[2J" in session for session in sessions)
