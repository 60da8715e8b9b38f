"""What a repository that a person opens can do to them: as little as this says."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import bounded_yaml, hooks, snapshot
from pf_tui.bounded_yaml import BadYaml, Bounds
from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.state import project as projects
from pf_tui.state import project_folder, project_text
from pf_tui.state.context import Context
from pf_tui.state.paths import PROJECT_FILE, Paths
from tests.cli.conftest import Pf
from tests.trusted import trusting

SOON_CPU_S = 0.5
"""CPU time of this process; what got through before took eight seconds and more."""

ORDER = (
    "---\nprovider_priority: [together, groq]\ndefault_model: opus\nauto_switch: false\nenabled: false\n---\n"
)


def put(project: Path, content: str | bytes) -> Path:
    file = project / PROJECT_FILE
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def _aliases() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "---\n" + "\n".join(lines) + "\n---\n"


# -- a file that costs more than it says -----------------------------------------------------------------

COSTLY = {
    "aliases": (_aliases(), "anchors (&name) are not read"),
    "an alias alone": ("---\nenabled: *x\n---\n", "aliases (*name) are not read"),
    "a mapping of aliases": ("---\nx: {a: &a {b: 1}, <<: *a}\n---\n", "are not read"),
    "a key that is an alias": ("---\n&a x: 1\n*a : 2\n---\n", "are not read"),
    "an anchor on nothing": ("---\nenabled: &a\n---\n", "anchors (&name) are not read"),
    "a tag": ("---\nx: !!python/object/apply:os.system ['true']\n---\n", "tags (!name) are not read"),
    "a tag of one's own": ("---\nx: !mine 1\n---\n", "tags (!name) are not read"),
    "a binary": ("---\ndefault_model: !!binary aGk=\n---\n", "tags (!name) are not read"),
    "deep lists": ("---\nx: " + "[" * 5000 + "]" * 5000 + "\n---\n", "nest"),
    "deep mappings": ("---\nx: " + "{a: " * 3000 + "1" + "}" * 3000 + "\n---\n", "nested too deeply"),
    "deep blocks": ("---\n" + "- " * 5000 + "x\n---\n", "nested too deeply"),
    "deep keys": ("---\n" + "? " * 5000 + "x\n---\n", ""),
    "many names": (
        "---\nprovider_priority: [" + ", ".join(f"p{n}" for n in range(9000)) + "]\n---\n",
        "values",
    ),
    "many names in a text": ("---\nprovider_priority: " + "a,b" * 9000 + "\n---\n", "more than 200"),
    "201 names": (
        "---\nprovider_priority: [" + ", ".join(f"p{n}" for n in range(201)) + "]\n---\n",
        "200 names",
    ),
    "a long name": ("---\nprovider_priority: [" + "x" * 5000 + "]\n---\n", "200 characters"),
    "a long model": ("---\ndefault_model: " + "x" * 5000 + "\n---\n", "200 characters"),
    "many keys": ("---\n" + "".join(f"k{n}: 1\n" for n in range(9000)) + "---\n", ""),
    "a key twice": ("---\ndaily_limit: 1\ndaily_limit: 100000\n---\n", "second time"),
    "infinity": ("---\ndaily_limit: .inf\n---\n", "no setting"),
    "minus infinity": ("---\nmonthly_limit: -.inf\n---\n", "no setting"),
    "not a number": ("---\ndaily_limit: .nan\n---\n", "no setting"),
    "401 digits": ("---\ndaily_limit: " + "9" * 401 + "\n---\n", "no setting"),
    "5000 digits": ("---\ndaily_limit: " + "9" * 5000 + "\n---\n", "no setting"),
    "a large exponent": ("---\ndaily_limit: 1.0e+400\n---\n", "no setting"),
    "many sixties": ("---\ndaily_limit: 1" + ":59" * 400 + "\n---\n", "no setting"),
    "a truth for a number": ("---\ndaily_limit: true\n---\n", "expected a number of requests"),
    "a number for a truth": ("---\nauto_switch: 1\n---\n", "expected true or false"),
    "a second document": ("---\nx: 1\n...\ny: 2\n---\n", ""),
    "a NUL": ("---\nenabled: true\n---\n\0", "NUL"),
    "a NUL in the settings": ("---\nenabled: \0\n---\n", "NUL"),
    "an escape in the settings": ("---\nenabled: \x1b[2J\n---\n", "does not allow"),
    "half a surrogate": ('---\ndefault_model: "\\ud800"\n---\n', ""),
    "no UTF-8": (b"---\nenabled: true\n---\n\xff\xfe", "not UTF-8"),
    "UTF-16": ("---\nenabled: true\n---\n".encode("utf-16"), "not UTF-8"),
    "a version of YAML to come": ("---\n%YAML 9.9\n---\nenabled: true\n---\n", "YAML"),
    "a moment for a number": (
        "---\ndaily_limit: 2001-12-14t21:59:43.10-05:00\n---\n",
        "expected a number of requests",
    ),
    "400 digits in base 16": ("---\ndaily_limit: 0x" + "f" * 400 + "\n---\n", "no setting"),
    "a list for a key": ("---\n? [a, b]\n: 1\n---\n", "a key is one word"),
    "a key twice, once in escapes": (
        '---\ndaily_limit: 1\n"daily\\u005flimit": 100000\n---\n',
        "second time",
    ),
    "a setting behind an unseen line end": (
        "---\n# harmless\u2028daily_limit: 0\n---\n",
        "a line end that editors do not show",
    ),
    "UTF-16 without a mark": ("---\nenabled: true\n---\n".encode("utf-16-le"), "NUL"),
    "UTF-32": ("---\nenabled: true\n---\n".encode("utf-32"), "not UTF-8"),
    "64 KB and one": ("---\nenabled: true\n---\n" + "x" * 65536, "larger than 64 KB"),
    "15 MB": ("---\nx: [" + "1, " * 5_000_000 + "]\n---\n", "larger than 64 KB"),
}


@pytest.mark.parametrize(("content", "says"), COSTLY.values(), ids=COSTLY)
def test_it_is_refused_at_once_with_file_cure_and_exit_4(
    pf: Pf, project: Path, content: str | bytes, says: str
) -> None:
    file = put(project, content)
    before, began_s = file.read_bytes(), time.process_time()

    answers = [
        pf("status", "--json"),
        pf("switch", "groq", "--project"),
        pf("priority", "add", "openrouter", "--project"),
        pf("limits", "set", "groq", "--daily-requests", "5", "--project"),
        pf("trust"),
    ]

    assert [answer.code for answer in answers] == [4] * 5
    for answer in answers:
        assert "provider-fallback.local.md" in answer.err
        assert says in answer.err
        assert "Traceback" not in answer.err
        assert len(answer.err) < 1000
    assert file.read_bytes() == before
    assert time.process_time() - began_s < 10 * SOON_CPU_S


@pytest.mark.parametrize("content", [content for content, _ in COSTLY.values()], ids=COSTLY)
def test_a_bad_file_is_read_once_and_remembered_as_bad(
    paths: Paths, project: Path, content: str | bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(project, content)
    paths.home.mkdir(parents=True)
    first = _refusal(paths, project)
    parses: list[str] = []
    monkeypatch.setattr(project_text, "settings", lambda text, path: parses.append(text))

    again = _refusal(paths, project)

    assert (str(again), again.line, again.column) == (str(first), first.line, first.column)
    assert parses == []


def _refusal(paths: Paths, project: Path) -> StateFileUnusable:
    with pytest.raises(StateFileUnusable) as caught:
        projects.read(paths, project, {"HOME": "/nowhere"})
    return caught.value


@pytest.mark.parametrize("content", [content for content, _ in COSTLY.values()], ids=COSTLY)
def test_hooks_answer_and_go_on_with_the_persons_own_settings(
    tmp_path: Path, project: Path, content: str | bytes
) -> None:
    put(project, content)
    env = {"HOME": str(tmp_path / "person"), "GROQ_API_KEY": "x", "PATH": os.environ["PATH"], "TZ": "UTC"}
    event = json.dumps({"session_id": "s", "cwd": str(project), "source": "startup", "prompt": "hi"}).encode()

    started, code = hooks.run("claude-code", "SessionStart", event, env)

    assert code == 0
    assert "groq serves" in json.loads(started)["systemMessage"]


@pytest.mark.parametrize("merged", ["{daily_limit: 5}", "[{enabled: false}, {daily_limit: 5}]"])
def test_a_merge_key_merges_nothing(merged: str) -> None:
    path = Path("/project") / PROJECT_FILE

    assert project_text.settings(f"---\n<<: {merged}\n---\n", path) == {}


def test_a_line_and_a_column_say_where(paths: Paths, project: Path) -> None:
    put(project, "---\n# ours\nenabled: true\nlist:\n  - &x a\n---\n")

    refusal = _refusal(paths, project)

    assert (refusal.line, refusal.column) == (5, 5)


@given(st.text(alphabet="-?:&*!|>%@`[]{},#'\" \n\tab01.~<=\\x\u2028", max_size=400))
def test_no_text_is_more_than_data_or_one_sentence(text: str) -> None:
    with contextlib.suppress(BadYaml):
        json.dumps(bounded_yaml.parse(text, Bounds(values=100)).data, allow_nan=False)


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_are_more_than_settings_or_one_sentence(data: bytes, fenced: bool) -> None:
    content = b"---\n" + data + b"\n---\n" if fenced else data
    path = Path("/project") / PROJECT_FILE
    with contextlib.suppress(StateFileUnusable):
        settings = project_text.settings(project_folder.text(content, path), path)
        json.dumps(settings, allow_nan=False)


@pytest.mark.parametrize("text", [content for content, _ in COSTLY.values() if isinstance(content, str)])
def test_no_text_takes_long(text: str) -> None:
    began_s = time.process_time()
    with contextlib.suppress(BadYaml):
        bounded_yaml.parse(text[4:65536], Bounds(values=2000))
    assert time.process_time() - began_s < SOON_CPU_S


# -- a file that is somewhere else, or none --------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "person" / ".ssh" / "id_rsa"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n")
    return file


def _link_file(project: Path, secret: Path) -> None:
    (project / ".opencode").mkdir()
    (project / PROJECT_FILE).symlink_to(secret)
    (project / ".claude").mkdir()
    (project / ".claude" / "settings.json").symlink_to(secret)
    (project / ".opencode" / "opencode.json").symlink_to(secret)


def _link_folder(project: Path, secret: Path) -> None:
    (project / ".opencode").symlink_to(secret.parent)
    (project / ".claude").symlink_to(secret.parent)
    for name in ("provider-fallback.local.md", "settings.json", "opencode.json"):
        (secret.parent / name).write_bytes(secret.read_bytes())


def _link_dangling(project: Path, secret: Path) -> None:
    (project / ".opencode").mkdir()
    (project / PROJECT_FILE).symlink_to(secret.parent / "authorized_keys")
    (project / ".claude").mkdir()
    (project / ".claude" / "settings.json").symlink_to(secret.parent / "authorized_keys")
    (project / ".opencode" / "opencode.json").symlink_to(secret.parent / "authorized_keys")


def _link_folder_dangling(project: Path, secret: Path) -> None:
    (project / ".opencode").symlink_to(secret.parent / "new")
    (project / ".claude").symlink_to(secret.parent / "new")


def _link_in_steps(project: Path, secret: Path) -> None:
    (project / "docs").symlink_to(secret.parent.parent)
    (project / ".opencode").symlink_to("docs/.ssh")
    (project / ".claude").symlink_to("docs/.ssh")
    for name in ("provider-fallback.local.md", "settings.json", "opencode.json"):
        (secret.parent / name).write_bytes(secret.read_bytes())


def _special(make: Callable[[Path], None]) -> Callable[[Path, Path], None]:
    def put_them(project: Path, secret: Path) -> None:
        for name in (PROJECT_FILE, Path(".claude/settings.json"), Path(".opencode/opencode.json")):
            (project / name).parent.mkdir(exist_ok=True)
            make(project / name)

    return put_them


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        server = socket.socket(socket.AF_UNIX)
        server.bind(path.name)
        server.close()
    finally:
        os.chdir(here)


def _circle(path: Path) -> None:
    other = path.with_name("other")
    path.symlink_to(other)
    other.unlink(missing_ok=True)
    other.symlink_to(path)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 * 2**30)


ELSEWHERE = {
    "a link to a key": _link_file,
    "a folder that is a link": _link_folder,
    "a link to nothing": _link_dangling,
    "a folder that is a link to nothing": _link_folder_dangling,
    "a link in two steps": _link_in_steps,
    "a link to itself": _special(lambda path: path.symlink_to(path.name)),
    "a link to /dev/zero": _special(lambda path: path.symlink_to("/dev/zero")),
    "a link to an environment": _special(lambda path: path.symlink_to("/proc/self/environ")),
    "links in a circle": _special(_circle),
    "10 GB of nothing": _special(_sparse),
    "a pipe": _special(os.mkfifo),
    "a folder": _special(Path.mkdir),
    "a socket": _special(_socket),
}

WRITERS = [
    ("switch", "groq", "--project"),
    ("priority", "set", "groq,openrouter", "--project"),
    ("limits", "set", "groq", "--daily-requests", "5", "--project"),
    ("init",),
    ("install", "claude-code", "--project"),
    ("install", "opencode", "--project"),
    ("install", "claude-code", "--project", "--dry-run"),
]


@pytest.mark.parametrize("make", ELSEWHERE.values(), ids=ELSEWHERE)
@pytest.mark.parametrize("words", WRITERS, ids=" ".join)
def test_nothing_is_written_read_or_waited_for_elsewhere(
    pf: Pf,
    project: Path,
    paths: Paths,
    secret: Path,
    make: Callable[[Path, Path], None],
    words: tuple[str, ...],
) -> None:
    make(project, secret)
    before = {path: path.read_bytes() for path in secret.parent.iterdir()}

    answer = pf(*words)

    assert answer.code == 4, answer
    assert str(project) in answer.err
    assert {path: path.read_bytes() for path in secret.parent.iterdir()} == before
    kept = b"".join(path.read_bytes() for path in paths.home.rglob("*") if path.is_file())
    assert b"c2VjcmV0" not in kept
    assert "c2VjcmV0" not in answer.out + answer.err


@pytest.mark.parametrize("make", ELSEWHERE.values(), ids=ELSEWHERE)
def test_readers_go_on_or_say_what_is_there(
    pf: Pf, project: Path, secret: Path, make: Callable[[Path, Path], None]
) -> None:
    make(project, secret)

    answer = pf("status")

    assert answer.code == 0
    assert "c2VjcmV0" not in answer.out + answer.err


def before_opening(swap: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Do something between the look at a project's file and its opening."""
    look = project_folder._checked

    def swapped(status: os.stat_result, path: Path, limit: int | None) -> os.stat_result:
        swap()
        return look(status, path, limit)

    monkeypatch.setattr(project_folder, "_checked", swapped)


def test_a_link_that_takes_the_files_place_between_look_and_opening_is_refused(
    project: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(project, "---\n---\n")

    def swap() -> None:
        if not file.is_symlink():
            file.unlink()
            file.symlink_to(secret)

    before_opening(swap, monkeypatch)

    with pytest.raises(StateFileUnusable, match="is a link"):
        project_folder.read(project, file, 1000)


def test_a_pipe_that_takes_the_files_place_is_not_waited_for(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(project, "---\n---\n")

    def swap() -> None:
        if file.is_file():
            file.unlink()
            os.mkfifo(file)

    before_opening(swap, monkeypatch)

    with pytest.raises(StateFileUnusable, match="not a file"):
        project_folder.read(project, file, 1000)


def test_another_users_file_is_not_read_and_not_written(
    pf: Pf, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(project, "---\ndaily_limit: 1\n---\n")
    before = file.read_bytes()
    monkeypatch.setattr(project_folder, "_owned", _owner_check(1234, project_folder._owned))

    shown, written = pf("status", "--json"), pf("switch", "groq", "--project")

    assert shown.code == 0
    assert shown.json["project_file"]["trust"] == "foreign"
    assert any("belongs to another user" in problem for problem in shown.json["problems"])
    assert written.code == 4
    assert "belongs to another user" in written.err
    assert file.read_bytes() == before


def _owner_check(uid: int, check: Callable[[os.stat_result, Path], None]) -> Callable[..., None]:
    """The check, on a status that says another owner."""

    def checked(status: os.stat_result, path: Path) -> None:
        values = list(status)
        values[4] = uid
        check(os.stat_result(values), path)

    return checked


# -- what a project's file may do ------------------------------------------------------------------------


def test_untrusted_only_lower_budgets_hold(pf: Pf, project: Path) -> None:
    pf("limits", "set", "groq", "--daily-requests", "50")
    plain = pf("status", "--json").json
    put(project, ORDER.replace("---\np", "---\ndaily_limit: 7\nmonthly_limit: 1000000\np", 1))

    shown = pf("status", "--json").json

    for name in ("active", "next", "auto_switch", "model"):
        assert shown[name] == plain[name]
    assert _budgets(shown, "groq") == {"day": 7, "month": 1_000_000}
    assert shown["project_file"]["trust"] == "untrusted"
    assert set(shown["project_file"]["withheld"]) == {
        "provider_priority",
        "default_model",
        "auto_switch",
        "enabled",
    }
    assert "`pf-tui trust`" in shown["problems"][0]


def _budgets(shown: dict[str, object], provider: str) -> dict[str, float]:
    entry = next(one for one in shown["providers"] if one["id"] == provider)  # type: ignore[attr-defined]
    return {one["window"]: one["limit"] for one in entry["limits"] if one["source"] == "budget"}


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize(
    ("own", "projects_", "holds"), [(2, 1_000_000, 2), (50, 7, 7), (None, 9, 9), (5, 0, 5)]
)
def test_a_project_lowers_a_budget_and_never_raises_one(
    pf: Pf, project: Path, paths: Paths, own: int | None, projects_: int, holds: int, trusted: bool
) -> None:
    if own is not None:
        pf("limits", "set", "groq", "--daily-requests", str(own))
    file = put(project, f"---\ndaily_limit: {projects_}\n---\n")
    if trusted:
        trusting(paths, file)

    assert _budgets(pf("status", "--json").json, "groq")["day"] == holds


def test_trusted_its_order_model_and_switches_hold(pf: Pf, project: Path) -> None:
    put(project, ORDER)

    answer = pf("trust", "--json")
    shown = pf("status", "--json").json

    assert answer.json["settings"]["provider_priority"] == ["together", "groq"]
    assert shown["project_file"]["trust"] == "trusted"
    assert shown["auto_switch"] is False
    assert shown["model"] == "opus"
    assert [one["id"] for one in shown["providers"] if one["rank"]] == ["together", "groq"]


def test_a_disabled_provider_stays_disabled_whatever_a_trusted_project_says(
    pf: Pf, project: Path, paths: Paths
) -> None:
    paths.home.mkdir(parents=True)
    paths.providers.write_text("providers:\n  groq:\n    enabled: false\n")
    trusting(paths, put(project, "---\nprovider_priority: [groq, openrouter]\n---\n"))

    shown = pf("status", "--json").json

    assert shown["active"]["provider"] == "openrouter"


def test_a_change_by_somebody_else_ends_trust_and_the_next_session_says_so_once(
    pf: Pf, project: Path, tmp_path: Path
) -> None:
    file = put(project, "---\nprovider_priority: [openrouter]\n---\n")
    pf("trust")
    file.write_text("---\nprovider_priority: [together]\n---\n")
    env = {"HOME": str(tmp_path / "person"), "GROQ_API_KEY": "x", "PATH": os.environ["PATH"], "TZ": "UTC"}
    event = json.dumps({"session_id": "s", "cwd": str(project), "source": "startup"}).encode()

    first = hooks.run("claude-code", "SessionStart", event, env)[0]
    second = hooks.run("claude-code", "SessionStart", event, env)[0]

    assert pf("status", "--json").json["project_file"]["trust"] == "changed"
    assert "was changed since you trusted it" in first
    assert "pf-tui trust" in first
    assert "was changed" not in second


def test_what_pf_tui_wrote_is_trusted(pf: Pf, project: Path) -> None:
    pf("init")
    made = pf("status", "--json").json["project_file"]["trust"]
    pf("priority", "set", "openrouter,groq", "--project")
    changed = pf("status", "--json").json

    assert (made, changed["project_file"]["trust"]) == ("trusted", "trusted")
    assert changed["active"]["provider"] == "openrouter"


def test_writing_into_an_untrusted_file_does_not_wave_the_rest_of_it_through(pf: Pf, project: Path) -> None:
    put(project, "---\ndefault_model: opus\n---\n")

    answer = pf("switch", "groq", "--project")
    shown = pf("status", "--json").json

    assert "is not trusted" in answer.err
    assert shown["project_file"]["trust"] == "untrusted"
    assert shown["model"] != "opus"


def test_undo_brings_back_the_text_and_the_distrust(pf: Pf, project: Path) -> None:
    file = put(project, "---\nprovider_priority: [together]\n---\n")
    pf("switch", "groq", "--project")

    pf("undo")

    assert "together" in file.read_text()
    assert pf("status", "--json").json["project_file"]["trust"] != "trusted"


def test_trust_is_listed_forgotten_and_undone(pf: Pf, project: Path) -> None:
    file = put(project, "---\ndefault_model: opus\n---\n")
    pf("trust")

    listed = pf("trust", "--list", "--json").json["files"]
    forgotten = pf("trust", "--forget", str(project))
    empty = pf("trust", "--list", "--json").json["files"]
    pf("undo")

    assert [(one["path"], one["state"]) for one in listed] == [(str(file), "trusted")]
    assert forgotten.code == 0
    assert empty == []
    assert pf("status", "--json").json["project_file"]["trust"] == "trusted"


def test_what_was_known_before_there_was_trust_is_trusted_once(pf: Pf, project: Path, paths: Paths) -> None:
    pf("switch", "groq", "--project")
    paths.trust.unlink()

    upgraded = pf("status", "--json").json["project_file"]["trust"]
    (project / PROJECT_FILE).write_text("---\nprovider_priority: [together]\n---\n")
    changed = pf("status", "--json").json["project_file"]["trust"]

    assert (upgraded, changed) == ("trusted", "changed")


def test_a_stranger_is_not_taken_for_known_at_the_upgrade(pf: Pf, project: Path, paths: Paths) -> None:
    pf("bench", "groq")
    put(project, "---\nprovider_priority: [together]\n---\n")

    assert pf("status", "--json").json["project_file"]["trust"] == "untrusted"


@pytest.mark.parametrize("content", ["{", "[]", '{"files": 7}', '{"version": 99}', "\0"])
def test_a_trust_file_that_cannot_be_read_trusts_nothing_and_is_left_alone(
    pf: Pf, project: Path, paths: Paths, content: str
) -> None:
    put(project, "---\nprovider_priority: [together]\n---\n")
    paths.home.mkdir(parents=True)
    paths.trust.write_text(content)

    shown, refused = pf("status", "--json"), pf("trust")

    assert shown.json["project_file"]["trust"] == "untrusted"
    assert refused.code == 4
    assert "trust.json" in refused.err
    assert paths.trust.read_text() == content


def test_the_trust_file_is_the_persons_alone(pf: Pf, project: Path, paths: Paths) -> None:
    before = os.umask(0)
    try:
        pf("init")
    finally:
        os.umask(before)

    assert paths.trust.stat().st_mode & 0o777 == 0o600


def test_every_face_takes_the_same_project(context: Callable[..., Context], tmp_path: Path) -> None:
    """Status, hooks, gateway and dashboard all take a Snapshot: what is withheld is in none of them."""
    work = tmp_path / "work"
    work.mkdir()
    put(work, ORDER)
    for who in ("cli", "hook", "gateway", "tui", "mcp"):
        now = snapshot.take(context(env={"GROQ_API_KEY": "x"}, cwd=work, who=who))

        assert now.project is not None
        assert now.project.priority is None
        assert now.priority == now.own_priority
        assert now.auto_switch is True


def test_many_readers_of_one_bad_file_agree(paths: Paths, project: Path) -> None:
    put(project, _aliases())
    paths.home.mkdir(parents=True)
    said: list[str] = []

    def look() -> None:
        try:
            projects.read(paths, project, {"HOME": "/nowhere"})
        except PfError as error:
            said.append(error.message)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(said) == 8
    assert len(set(said)) == 1
