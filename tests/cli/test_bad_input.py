"""Files that are broken, empty, huge, unreadable, of wrong types or of a newer version: one clear sentence,
the rest works, nothing is written over, no traceback.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui.state.paths import Paths
from tests.patience import PATIENCE_S

from .conftest import KEYS, NOON, Answer, Pf, Turn

READS = (
    ("status",),
    ("why",),
    ("auth",),
    ("priority",),
    ("limits",),
    ("events",),
    ("models",),
    ("analytics",),
)
VERBS = (("switch", "groq"), ("bench", "groq", "--for", "5m"), ("limits", "set", "groq", "--daily", "1M"))
OWNED = ("config.json", "auth.json", "providers.yaml")
"""A person's own files: never replaced while they cannot be read."""

REBUILT = (
    "health.json",
    "usage.json",
    "journal.jsonl",
    "ledger.db",
    "gateway.json",
    "live.json",
    "prices.json",
    "installs.json",
)
"""Ours: set aside and begun anew."""

NOT_JSON = {
    "broken": b'{"version": 2, "autoSwitch": tru',
    "truncated": b'{"version": 2, "providerPriority": ["openrouter", "gr',
    "empty": b"",
    "not-utf8": b'{"version": "\xff\xfe"}',
    "list": b"[1, 2]",
    "deep": b"[" * 100_000,
    "nul": b"\0" * 4096,
}


def calm(answer: Answer) -> None:
    """What every answer must be like, whatever lies on disk."""
    assert answer.code in range(6), answer
    assert "Traceback" not in answer.out + answer.err
    assert "an error inside pf-tui" not in answer.err


@pytest.fixture
def put(paths: Paths) -> Callable[[str, bytes], Path]:
    def write(name: str, data: bytes) -> Path:
        paths.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = paths.home / name
        path.write_bytes(data)
        path.chmod(0o600)
        os.utime(path, (0, 0))  # nobody is writing it: it need not be read again for a moment
        return path

    return write


UNREADABLE = [
    (name, kind) for name in OWNED for kind in NOT_JSON if (name, kind) != ("providers.yaml", "empty")
]
"""An empty YAML file says nothing, which is allowed."""


@pytest.mark.parametrize(("name", "kind"), UNREADABLE)
class TestOwnFiles:
    def test_json_ends_with_exit_4_and_the_files_name(
        self, pf: Pf, put: Callable[[str, bytes], Path], name: str, kind: str
    ) -> None:
        put(name, NOT_JSON[kind])

        answer = pf("status", "--json")

        calm(answer)
        assert answer.code == 4
        assert answer.error["code"] == 4
        assert answer.error["message"].startswith(name)

    def test_text_goes_on_with_the_rest_and_says_so(
        self, pf: Pf, put: Callable[[str, bytes], Path], name: str, kind: str
    ) -> None:
        put(name, NOT_JSON[kind])

        answer = pf("status")

        calm(answer)
        assert answer.code == 0
        assert answer.err.startswith(f"note: {name}")

    def test_no_verb_writes_over_it(
        self, pf: Pf, put: Callable[[str, bytes], Path], name: str, kind: str
    ) -> None:
        file = put(name, NOT_JSON[kind])

        for words in VERBS:
            calm(pf(*words))

        assert file.read_bytes() == NOT_JSON[kind]


NO_FILE: dict[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "loop": lambda path: path.symlink_to(path),
}


def put_no_file(paths: Paths, name: str, kind: str) -> None:
    """Put in the place of a file what is none."""
    paths.home.mkdir(mode=0o700, parents=True)
    NO_FILE[kind](paths.home / name)


@pytest.mark.parametrize("kind", NO_FILE)
@pytest.mark.parametrize("name", OWNED)
def test_what_stands_in_place_of_a_persons_file_is_named_and_left(
    pf: Pf, paths: Paths, name: str, kind: str
) -> None:
    put_no_file(paths, name, kind)
    before = os.lstat(paths.home / name).st_ino

    for words in (("status", "--json"), *VERBS):
        answer = pf(*words)
        calm(answer)
        assert answer.code in (1, 4), (words, answer)
        assert name in answer.err

    assert os.lstat(paths.home / name).st_ino == before


@pytest.mark.parametrize("kind", NO_FILE)
@pytest.mark.parametrize("name", REBUILT)
def test_what_stands_in_place_of_a_file_of_ours_stops_nobody(
    pf: Pf, paths: Paths, name: str, kind: str
) -> None:
    put_no_file(paths, name, kind)

    for words in (*READS, *VERBS, ("undo",), ("ingest",)):
        answer = pf(*words)
        calm(answer)
        assert answer.code in (0, 1), (words, answer)


@pytest.mark.parametrize("kind", NO_FILE)
def test_a_journal_that_is_no_file_is_set_aside_and_begun_anew(pf: Pf, paths: Paths, kind: str) -> None:
    put_no_file(paths, paths.journal.name, kind)

    done = pf("switch", "groq")

    assert done.code == 0
    assert [event["action"] for event in pf("events", "--json").json] == ["switch"]
    assert list(paths.home.glob("journal.jsonl.corrupt-*"))


@pytest.mark.parametrize("kind", NOT_JSON)
@pytest.mark.parametrize("name", REBUILT)
def test_a_broken_file_of_ours_stops_nobody(
    pf: Pf, put: Callable[[str, bytes], Path], paths: Paths, name: str, kind: str
) -> None:
    put(name, NOT_JSON[kind])

    for words in (*READS, ("status", "--json"), *VERBS, ("undo",), ("ingest",)):
        answer = pf(*words)
        calm(answer)
        assert answer.code in (0, 1), (words, answer)

    status = pf("status", "--json")
    assert status.code == 0
    assert status.json["active"]["provider"]


@pytest.mark.parametrize("name", [*OWNED, *REBUILT])
def test_a_hundred_megabytes_stop_nobody(pf: Pf, put: Callable[[str, bytes], Path], name: str) -> None:
    file = put(name, b"")
    os.truncate(file, 100 * 1024 * 1024)

    answers = [pf(*words) for words in (("status",), ("status", "--json"), ("switch", "groq"))]

    for answer in answers:
        calm(answer)
    if name in OWNED:
        assert "100 MB is far more than this file ever holds" in answers[0].err
        assert file.stat().st_size == 100 * 1024 * 1024


@pytest.mark.parametrize("name", [*OWNED, *REBUILT])
def test_a_directory_in_place_of_a_file_stops_nobody(pf: Pf, paths: Paths, name: str) -> None:
    """Root may read anything; a directory is what nobody can read as a file."""
    (paths.home / name).mkdir(parents=True)

    for words in (*READS, ("status", "--json"), *VERBS, ("ingest",), ("undo",)):
        calm(pf(*words))

    assert (paths.home / name).is_dir() or name in REBUILT


WRONG_TYPES = [
    pytest.param({"providerPriority": "groq"}, "providerPriority", id="priority-text"),
    pytest.param({"providerPriority": ["groq", 7]}, "providerPriority", id="priority-number-inside"),
    pytest.param({"autoSwitch": "yes"}, "autoSwitch", id="auto-text"),
    pytest.param({"defaultModel": ["opus"]}, "defaultModel", id="model-list"),
    pytest.param({"usageLimits": []}, "usageLimits", id="limits-list"),
    pytest.param({"usageLimits": {"groq": 5}}, "groq", id="limits-number-inside"),
    pytest.param({"usageLimits": {"groq": {"dailyTokens": "many"}}}, "dailyTokens", id="limit-text"),
    pytest.param({"pf": []}, "pf", id="ours-list"),
    pytest.param({"pf": {"thresholds": {"warn": "x"}}}, "warn", id="threshold-text"),
    pytest.param({"pf": {"thresholds": {"warn": 7}}}, "warn", id="threshold-beyond"),
    pytest.param({"pf": {"keyring": "groq"}}, "keyring", id="keyring-text"),
    pytest.param({"version": "2"}, "version", id="version-text"),
]


@pytest.mark.parametrize(("content", "key"), WRONG_TYPES)
def test_a_wrong_type_names_the_key_and_its_line(
    pf: Pf, write: Callable[[str, Any], Path], content: dict[str, Any], key: str
) -> None:
    file = write("config.json", {"version": 2, **content} if "version" not in content else content)
    before = file.read_bytes()

    answer = pf("status", "--json")
    verb = pf("switch", "groq")

    calm(verb)
    assert answer.code == 4
    assert f'"{key}"' in answer.error["message"]
    assert verb.code == 4
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(
            "health.json", {"version": 1, "benches": {"a": 1}, "agents": [], "sessions": 5}, id="health"
        ),
        pytest.param(
            "health.json",
            {
                "benches": [7, {"provider": 5}, {"provider": "groq", "since": "x"}],
                "resets": {"groq": "never"},
            },
            id="health-inside",
        ),
        pytest.param("usage.json", {"version": 2, "providers": [], "lastReset": 7}, id="usage"),
        pytest.param("usage.json", {"providers": {"groq": 7, "x": None}}, id="usage-inside"),
        pytest.param(
            "auth.json", {"providers": {"groq": 7, "together": {"apiKey": 5, "expiresAt": []}}}, id="auth"
        ),
        pytest.param("gateway.json", {"pid": "x", "port": [], "token": 7, "since": {}}, id="gateway"),
        pytest.param("installs.json", {"installs": 7}, id="installs"),
        pytest.param("journal.jsonl", '7\n[]\n{"ts": 5}\n{"ts": "x", "action": 7}\nnull\n', id="journal"),
    ],
)
def test_wrong_types_inside_stop_nobody(
    pf: Pf, write: Callable[[str, Any], Path], name: str, content: Any
) -> None:
    write(name, content)

    for words in (*READS, *VERBS, ("undo",), ("ingest",), ("status", "--json")):
        calm(pf(*words))


@pytest.mark.parametrize(
    ("name", "content", "version"),
    [
        pytest.param(
            "config.json", {"version": 3, "providerPriority": ["groq", "openrouter"]}, 3, id="config"
        ),
        pytest.param("health.json", {"version": 9, "benches": []}, 9, id="health"),
    ],
)
def test_a_newer_version_is_read_only_and_says_so(
    pf: Pf, write: Callable[[str, Any], Path], name: str, content: Any, version: int
) -> None:
    file = write(name, content)
    before = file.read_bytes()

    status = pf("status")
    verb = pf("bench", "groq") if name == "health.json" else pf("switch", "anthropic-api")

    assert status.code == 0
    assert verb.code in (1, 4)
    assert f"version {version}" in verb.err
    assert "update pf-tui" in verb.err
    assert file.read_bytes() == before


FRONT_MATTER = [
    pytest.param("---\nprovider_priority: [groq\n---\n", id="broken"),
    pytest.param("---\nprovider_priority: [groq, 7]\n---\n", id="number-inside"),
    pytest.param("---\ndaily_limit: many\n---\n", id="limit-text"),
    pytest.param("---\nauto_switch: perhaps\n---\n", id="flag-text"),
    pytest.param("---\n- a\n- list\n---\n", id="list"),
    pytest.param("---\nenabled: true\n", id="never-ends"),
    pytest.param("---\nx: &a [*a]\n---\n", id="recursive"),
    pytest.param("---\nx: !!python/object/apply:os.system ['true']\n---\n", id="python-object"),
]


@pytest.mark.parametrize("text", FRONT_MATTER)
def test_a_broken_project_file_is_named_and_left_alone(pf: Pf, project: Path, text: str) -> None:
    file = project / ".opencode" / "provider-fallback.local.md"
    file.parent.mkdir()
    file.write_text(text)

    shown, verb = pf("status"), pf("switch", "groq", "--project")

    calm(shown)
    calm(verb)
    assert shown.code == 0
    if shown.err:
        assert "provider-fallback.local.md" in shown.err
        assert verb.code == 4
        assert file.read_text() == text


def test_an_empty_project_file_says_nothing(pf: Pf, project: Path) -> None:
    file = project / ".opencode" / "provider-fallback.local.md"
    file.parent.mkdir()
    file.write_text("")

    assert pf("status", "--json").code == 0


def test_a_provider_that_is_no_longer_known_is_passed_over_and_named(
    pf: Pf, write: Callable[[str, Any], Path]
) -> None:
    write("config.json", {"version": 2, "providerPriority": ["my-old-lab", "groq"]})

    answer = pf("status")

    assert answer.code == 0
    assert "no provider is called 'my-old-lab'" in answer.err
    assert pf("status", "--json").json["active"]["provider"] == "groq"


def test_a_clock_that_jumped_back_loses_nothing(pf: Pf, claude_code: Callable[..., Path]) -> None:
    claude_code(Turn(NOON - timedelta(hours=1)))
    pf("switch", "groq")
    pf("bench", "groq", "--for", "30m")
    pf("ingest")
    past = NOON - timedelta(days=400)

    for words in (*READS, *VERBS, ("undo",), ("ingest",), ("analytics", "7d", "--json")):
        answer = pf(*words, now=past)
        calm(answer)
        assert answer.code in (0, 1)

    assert pf("analytics", "all", "--json").json["totals"]["requests"] == 1


def test_a_clock_that_jumped_ahead_ends_benches_and_comes_back(pf: Pf) -> None:
    pf("bench", "openrouter", "--for", "30m")
    future = NOON + timedelta(days=4000)

    ahead = pf("status", "--json", now=future)
    back = pf("status", "--json")

    assert ahead.json["active"]["provider"] == "openrouter"
    assert back.json["active"]["provider"] != "openrouter"


@pytest.mark.parametrize(
    "letters",
    [
        pytest.param({"LC_ALL": "C.UTF-8"}, id="utf8"),
        pytest.param({"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, id="ascii"),
    ],
)
def test_a_home_whose_name_is_no_utf8_is_a_home_like_any_other(
    tmp_path: Path, letters: dict[str, str]
) -> None:
    home = Path(os.fsdecode(os.fsencode(tmp_path) + b"/J\xfcrgen \xff"))
    project = home / "work"
    (project / ".git").mkdir(parents=True)
    words = (
        "switch openrouter --project",
        *("switch groq", "models", "why", "ingest", "analytics --view projects", "events", "undo", "status"),
    )

    for word in words:
        done = _process(home, *word.split(), cwd=project, letters=letters)
        assert done.returncode == 0, f"{word}: {done.stderr}"
    status = json.loads(_process(home, "status", "--json", cwd=project, letters=letters).stdout)

    assert status["active"]["provider"] == "openrouter"


def _process(
    home: Path, *words: str, letters: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "TZ": "UTC", **KEYS, **(letters or {})}
    env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    return subprocess.run(
        [sys.executable, "-m", "pf_tui", *words],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        **options,
    )


def _no_more_than(size: int) -> Callable[[], None]:
    """Any write that would make a file larger than `size` bytes fails, as on a full disk."""

    def limit() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize(
    "words",
    [
        ("switch", "groq"),
        ("bench", "groq"),
        ("limits", "set", "groq", "--daily", "1M"),
        ("auth", "set", "together", "--stdin", "--file"),
        ("ingest",),
        ("status", "--reset"),
    ],
)
def test_a_full_disk_is_one_sentence_and_the_old_file_stands(
    home: Path,
    paths: Paths,
    write: Callable[[str, Any], Path],
    words: tuple[str, ...],
    claude_code: Callable[..., Path],
) -> None:
    config = write("config.json", {"version": 2, "providerPriority": ["openrouter", "groq"]})
    claude_code(Turn(NOON))
    before = config.read_bytes()

    answer = _process(home, *words, preexec_fn=_no_more_than(0), input="sk-1")
    shown = _process(home, "status", "--json", preexec_fn=_no_more_than(0))

    assert answer.returncode in (0, 1, 4)
    assert "Traceback" not in answer.stderr
    assert "an error inside pf-tui" not in answer.stderr
    assert config.read_bytes() == before
    assert [path.name for path in paths.home.iterdir() if path.name.endswith(".tmp")] == []
    assert shown.returncode == 0
    assert json.loads(shown.stdout)["active"]["provider"] == "openrouter"


def test_stdout_that_cannot_be_written_is_told(home: Path) -> None:
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "pf_tui", "models"],
            env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    assert answer.returncode == 1
    assert "no space left on device" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert "Exception ignored" not in answer.stderr


@pytest.fixture
def read_only(tmp_path: Path, paths: Paths, write: Callable[[str, Any], Path]) -> Any:
    """The state directory on a file system that is mounted read-only."""
    write("config.json", {"version": 2, "providerPriority": ["openrouter", "groq"]})
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a file system read-only")
    done = subprocess.run(
        [mount, "--bind", "-o", "ro", str(paths.home), str(paths.home)], capture_output=True, check=False
    )
    again = subprocess.run(
        [mount, "-o", "remount,ro,bind", str(paths.home)], capture_output=True, check=False
    )
    if done.returncode or again.returncode:
        subprocess.run([umount, str(paths.home)], capture_output=True, check=False)
        pytest.skip("mounting is not allowed here")
    yield paths.home
    subprocess.run([umount, str(paths.home)], capture_output=True, check=False)


@pytest.mark.usefixtures("read_only")
def test_on_a_read_only_disk_reads_work_and_verbs_say_why_not(
    pf: Pf, claude_code: Callable[..., Path]
) -> None:
    claude_code(Turn(NOON - timedelta(hours=1)))

    for words in READS:
        answer = pf(*words)
        calm(answer)
        assert answer.code == 0, (words, answer)
    analytics = pf("analytics", "--json")
    assert analytics.json["totals"]["requests"] == 1
    for words in VERBS:
        answer = pf(*words)
        calm(answer)
        assert answer.code == 1
        assert "read-only" in answer.err


def test_a_disk_that_fills_up_while_logs_are_read_is_said_as_such(
    pf: Pf, claude_code: Callable[..., Path], paths: Paths
) -> None:
    mount, umount = shutil.which("mount"), shutil.which("umount")
    paths.home.mkdir(parents=True)
    if mount is None or umount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=220k", "tmpfs", str(paths.home)], check=False)
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        claude_code(*(Turn(NOON - timedelta(minutes=n)) for n in range(2000)))

        ingest, status = pf("ingest"), pf("status")
    finally:
        subprocess.run([umount, str(paths.home)], check=True)

    calm(ingest)
    assert ingest.code == 1
    assert "database or disk is full" in ingest.err
    assert "free some disk space; nothing was lost" in ingest.err
    assert status.code == 0


def test_on_a_read_only_disk_the_history_is_shown(
    pf: Pf, claude_code: Callable[..., Path], paths: Paths, request: pytest.FixtureRequest
) -> None:
    claude_code(Turn(NOON - timedelta(hours=1)))
    pf("ingest")
    with contextlib.closing(sqlite3.connect(paths.ledger)) as ledger:
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for extra in ("ledger.db-wal", "ledger.db-shm"):
        (paths.home / extra).unlink(missing_ok=True)
    request.getfixturevalue("read_only")

    found, status = pf("analytics", "--json"), pf("status", "--json")

    assert found.json["totals"]["requests"] == 1
    assert "the numbers are those of the last time the logs were read" in found.err
    assert status.json["problems"] == []


def test_a_home_that_is_not_there_is_made_when_something_is_kept(pf: Pf, tmp_path: Path) -> None:
    elsewhere = tmp_path / "a" / "b"

    shown = pf("status", env={"PROVIDER_FALLBACK_HOME": str(elsewhere)})
    exists = elsewhere.exists()
    kept = pf("switch", "groq", env={"PROVIDER_FALLBACK_HOME": str(elsewhere)})

    assert (shown.code, exists, kept.code) == (0, False, 0)
    assert (elsewhere / "config.json").is_file()
    assert elsewhere.stat().st_mode & 0o777 == 0o700
