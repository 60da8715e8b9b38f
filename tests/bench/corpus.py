"""A made-up person's agent logs, seeded, with the exact truth of what was used.

Every request is made first and written down afterwards, in all the ways clients write: block by block,
growing, copied into resumed sessions, replayed in side chains, damaged. The truth is kept from the
making, never worked out from the files.

    python -m tests.bench.corpus FOLDER --mb 50 --seed 1
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

KINDS = ("input", "output", "reasoning", "cache_read", "cache_write_5m", "cache_write_1h", "web_searches")
END = datetime(2026, 11, 22, 18, tzinfo=UTC)
MODELS = (
    "claude-opus-4-5-20251101",
    "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5-20251001",
    "claude-opus-4-1-20250805",
)
FOREIGN = "glm-4.6"
PLAIN, TRAPS = "plain", "traps"

_WORDS = [
    "def",
    "return",
    "self",
    "import",
    "class",
    "async",
    "await",
    "None",
    "True",
    "False",
    "token",
    "usage",
    "session",
    "message",
    "request",
    "limit",
    "cache",
    "model",
    "provider",
    "fallback",
    "sqlite",
    "index",
    "query",
    "row",
    "column",
    "const",
    "let",
    "function",
    "export",
    "interface",
    "string",
    "number",
    "Promise",
    "Map",
]
_ODD = (
    "é", "日本語", "données", "“q”", "✓", "🚀", "Привет", '"usage":{"input_tokens":17,"output_tokens":99}',
    "\\d+\\n\\t", "\x1b[31mred\x1b[0m", '{"type":"assistant","message":{"usage":{"output_tokens":5}}}',
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """What one request really used."""

    ts_ms: int
    session: str
    project: str
    model: str
    used: tuple[int, ...]
    """In the order of KINDS."""
    subagent: bool = False
    mode: str = ""
    agent: str = "claude-code"

    @property
    def day(self) -> str:
        """Its UTC day."""
        return f"{_moment(self.ts_ms):%Y-%m-%d}"


@dataclass(slots=True)
class Truth:
    """What a ledger made of the corpus must say."""

    requests: list[Request] = field(default_factory=list)
    failures: int = 0
    lost: set[tuple[str, int]] = field(default_factory=set)
    """Rows that cannot be used: (path, line)."""
    damaged: set[tuple[str, int]] = field(default_factory=set)
    """Rows with damage whose numbers count all the same."""
    bytes: int = 0
    files: int = 0

    def by(self, part: Callable[[Request], str]) -> dict[str, Counter[str]]:
        """Sums of every kind, by anything a request has."""
        sums: dict[str, Counter[str]] = {}
        for one in self.requests:
            cell = sums.setdefault(part(one), Counter())
            cell.update(dict(zip(KINDS, one.used, strict=True)))
            cell["requests"] += 1
        return sums

    @property
    def totals(self) -> Counter[str]:
        """Sums of every kind."""
        return self.by(lambda _: "")[""]


@dataclass(slots=True)
class _Line:
    """A row on its way into a file."""

    row: dict[str, Any]
    made: list[Request] = field(default_factory=list)
    """What the truth gains by this row, unless it is lost."""
    part: bool = False
    """One of several rows of a request: its loss would be made good by another."""
    lost: bool = False


class Maker:
    """Writes one home's Claude Code history."""

    def __init__(self, home: Path, seed: int, kind: str = TRAPS, end: datetime = END, days: int = 90) -> None:
        self.random = random.Random(seed)
        self.home = home
        self.traps = kind == TRAPS
        self.truth = Truth()
        self._end = round(end.timestamp() * 1000)
        self._days = days
        pool = random.Random(7)
        self._pool = " ".join(
            pool.choice(_ODD) if pool.random() < 0.02 else pool.choice(_WORDS) for _ in range(150_000)
        )

    def fill(self, size: int, projects: int = 12) -> Truth:
        """Write about `size` bytes of transcripts."""
        root = self.home / ".claude" / "projects"
        largest = max(20_000, min(size // 6, 40_000_000))
        while self.truth.bytes < size:
            cwd = f"/home/dev/proj{self.random.randrange(projects):02d}"
            folder = root / cwd.replace("/", "-")
            begin = self._end - round(self.random.random() * self._days * 86_400_000)
            if self.traps and self.random.random() < 0.1:
                begin -= 400 * 86_400_000
            target = min(largest, int(self.random.lognormvariate(11.8, 1.4)))
            self._session(folder, cwd, begin, target)
        return self.truth

    # one session and what surrounds it

    def _session(self, folder: Path, cwd: str, begin: int, target: int) -> None:
        session = self._uuid()
        lines, moments = self._turns(cwd, session, begin, target, side=False)
        self._write(folder / f"{session}.jsonl", lines)
        for start in moments:
            agent = f"agent-{self.random.getrandbits(32):08x}"
            sub, _ = self._turns(cwd, session, start, target // 8 + 2000, side=True)
            self._write(folder / session / "subagents" / f"{agent}.jsonl", sub)
        if self.random.random() < 0.06:
            self._resume(folder, session, lines)
        if self.random.random() < 0.08:
            self._replay(folder, session, lines)

    def _turns(
        self, cwd: str, session: str, begin: int, target: int, *, side: bool
    ) -> tuple[list[_Line], list[int]]:
        lines: list[_Line] = []
        moments: list[int] = []
        now, size = begin, 0
        model = self.random.choice(MODELS)
        while size < target:
            now += round(self.random.expovariate(1 / 120_000)) + 1
            fresh = [self._user(cwd, session, now, side)]
            for _ in range(self.random.choice((1, 2, 3, 5, 8))):
                now += self.random.randrange(2000, 14_000)
                if self.random.random() < 0.05:
                    model = self.random.choice((*MODELS, FOREIGN))
                fresh += self._answer(cwd, session, now, model, side)
                now += 3000
                fresh.append(self._tool_result(cwd, session, now, side))
                if self.random.random() < 0.01:
                    fresh.append(self._error(cwd, session, now + 1, side))
            if not side and self.random.random() < 0.02:
                moments.append(now)
            size += sum(len(str(line.row)) for line in fresh)
            lines += fresh
        return lines, moments

    def _answer(self, cwd: str, session: str, now: int, model: str, side: bool) -> list[_Line]:
        """One request as the rows of its content blocks."""
        usage, used = self._usage()
        foreign = model == FOREIGN
        mid = self._foreign_id() if foreign else f"msg_01{self.random.getrandbits(120):030x}"
        facts: dict[str, Any] = {
            "message": {"id": mid, "model": model, "role": "assistant", "type": "message"}
        }
        if not foreign and self.random.random() < 0.97:
            facts["requestId"] = f"req_{self.random.getrandbits(80):020x}"
        blocks = self.random.choice((1, 1, 2, 2, 3, 4))
        if foreign:
            # older clients name no request: one row each; newer ones tie the blocks of one together
            if self.random.random() < 0.5:
                facts["requestRef"] = self._uuid()
            else:
                blocks = 1
        mode = "fast" if usage.get("speed") else "batch" if usage["service_tier"] == "batch" else ""
        grows = blocks > 1 and not foreign and self.random.random() < 0.4
        outputs = [
            min(used[1], block + 1) if grows and block < blocks - 1 else used[1] for block in range(blocks)
        ]
        extra = [] if foreign else self._advisor(usage)
        lines = []
        for block, output in enumerate(outputs):
            shown = {**usage, "output_tokens": output}
            if block < blocks - 1:
                shown.pop("iterations", None)
            row = self._row("assistant", cwd, session, now + block * 400, side)
            row |= facts
            if "requestRef" in facts:
                row["apiBlockIndex"] = block
            row["message"] = {
                **facts["message"], "content": [self._block(block)], "stop_reason": None, "usage": shown,
            }  # fmt: skip
            lines.append(_Line(row, part=blocks > 1))
        # of equal rows the first one counts, so does its time
        counted = now + outputs.index(max(outputs)) * 400
        lines[0].made.append(Request(counted, session, cwd, model, used, side, mode))
        ends = now + (blocks - 1) * 400
        lines[-1].made += [Request(ends, session, cwd, MODELS[0], more, side) for more in extra]
        return lines

    def _usage(self) -> tuple[dict[str, Any], tuple[int, ...]]:
        """A usage object as a client writes it, and what it says."""
        pick = self.random
        read, five, hour = pick.randrange(150_000), pick.randrange(8000), 0
        if pick.random() < 0.3:
            five, hour = 0, five
        output = int(pick.lognormvariate(5.6, 1.1)) + 1
        used = [pick.randrange(1, 40), output, 0, read, five, hour, 0]
        usage: dict[str, Any] = {
            "input_tokens": used[0],
            "cache_creation_input_tokens": five + hour,
            "cache_read_input_tokens": read,
            "cache_creation": {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour},
            "output_tokens": output,
            "service_tier": "standard",
        }
        if pick.random() < 0.1:
            used[2] = output // 3
            usage["output_tokens_details"] = {"thinking_tokens": used[2]}
        if pick.random() < 0.05:
            used[6] = pick.randrange(1, 5)
            usage["server_tool_use"] = {"web_search_requests": used[6]}
        if pick.random() < 0.02:
            usage["speed"] = "fast"
        elif pick.random() < 0.02:
            usage["service_tier"] = "batch"
        if self.traps and pick.random() < 0.05:
            self._odd(usage, used)
        return usage, tuple(used)

    def _odd(self, usage: dict[str, Any], used: list[int]) -> None:
        """Values that are no counts, and shapes of older clients."""
        kind = self.random.randrange(7)
        if kind == 0:
            usage["input_tokens"], used[0] = float(used[0]), used[0]
        elif kind == 1:
            usage["input_tokens"], used[0] = (
                self.random.choice((-5, "12", True, None, 1e300, 10**30, [1], {})),
                0,
            )
        elif kind == 2:
            usage.pop("cache_creation")
            used[4], used[5] = used[4] + used[5], 0
        elif kind == 3:
            usage["cache_creation"] = None
            used[4], used[5] = used[4] + used[5], 0
        elif kind == 4:
            usage.pop("cache_read_input_tokens")
            used[3] = 0
        elif kind == 5:
            usage["cache_creation"] = {"ephemeral_1h_input_tokens": used[5]}
        else:
            usage["cache_creation_input_tokens"] = None  # only the split is told

    def _advisor(self, usage: dict[str, Any]) -> list[tuple[int, ...]]:
        """What another model did beside the answer: billed on top."""
        if not self.traps or self.random.random() > 0.02:
            return []
        sent, made = self.random.randrange(5000), self.random.randrange(1, 900)
        step = {"type": "advisor_message", "model": MODELS[0], "input_tokens": sent, "output_tokens": made}
        usage["iterations"] = [{"type": "message", "input_tokens": 1, "output_tokens": 1}, step]
        return [(sent, made, 0, 0, 0, 0, 0)]

    def _foreign_id(self) -> str:
        return self.random.choice(("chatcmpl-0", "", f"2026{self.random.getrandbits(52):013x}"))

    # other rows

    def _row(self, kind: str, cwd: str, session: str, now: int, side: bool) -> dict[str, Any]:
        return {
            "parentUuid": self._uuid(),
            "isSidechain": side,
            "userType": "external",
            "cwd": cwd if self.random.random() < 0.9 else f"{cwd}/src",
            "sessionId": session,
            "version": "2.1.330",
            "type": kind,
            "uuid": self._uuid(),
            "timestamp": _stamp(now),
        }

    def _user(self, cwd: str, session: str, now: int, side: bool) -> _Line:
        row = self._row("user", cwd, session, now, side)
        row["message"] = {"role": "user", "content": self._text(int(self.random.lognormvariate(5, 1)))}
        return _Line(row)

    def _tool_result(self, cwd: str, session: str, now: int, side: bool) -> _Line:
        row = self._row("user", cwd, session, now, side)
        body = self._text(min(60_000, int(self.random.lognormvariate(7.9, 1.35))))
        row["message"] = {"role": "user", "content": [{"type": "tool_result", "content": body}]}
        if self.random.random() < 0.05:
            # a subagent's sum beside its result: counted in its own file
            row["toolUseResult"] = {"totalTokens": 9, "usage": {"input_tokens": 4, "output_tokens": 700}}
        return _Line(row)

    def _error(self, cwd: str, session: str, now: int, side: bool) -> _Line:
        row = self._row("assistant", cwd, session, now, side)
        zero = {"input_tokens": 0, "output_tokens": 0, "cache_creation_input_tokens": 0}
        text = self.random.choice(
            ("Claude AI usage limit reached|1795400000", "You've hit your session limit · resets 3pm (UTC)",
             "API Error: 529 Overloaded")
        )  # fmt: skip
        row["message"] = {
            "id": self._uuid(), "model": "<synthetic>", "role": "assistant", "usage": zero,
            "content": [{"type": "text", "text": text}],
        }  # fmt: skip
        row["isApiErrorMessage"] = True
        row["error"] = "rate_limit"
        self.truth.failures += 1
        return _Line(row)

    def _block(self, place: int) -> dict[str, Any]:
        if place == 0:
            return {"type": "text", "text": self._text(min(4000, int(self.random.lognormvariate(5.5, 1))))}
        held: dict[str, Any] = {"command": self._text(60)}
        if self.random.random() < 0.05:
            held["rows"] = [{"type": "user", "usage": {"output_tokens": 3}}]
        return {"type": "tool_use", "id": self._uuid(), "name": "Bash", "input": held}

    def _text(self, length: int) -> str:
        start = self.random.randrange(len(self._pool) - length - 1)
        return self._pool[start : start + length]

    def _uuid(self) -> str:
        number = f"{self.random.getrandbits(128):032x}"
        return f"{number[:8]}-{number[8:12]}-4{number[13:16]}-a{number[17:20]}-{number[20:]}"

    # copies

    def _resume(self, folder: Path, session: str, lines: list[_Line]) -> None:
        """A new file that begins with a copy of the old rows under its own session id."""
        copy = f"ffffffff{self._uuid()[8:]}"  # sorts behind: the rows stay with the first
        copied = []
        for line in lines[: int(len(lines) * self.random.uniform(0.3, 0.9)) + 1]:
            # a foreign id counts per session and time; what was lost in the first file is new here
            foreign = not str(line.row.get("message", {}).get("id", "msg_")).startswith("msg_")
            counts = line.lost or (foreign and line.row["message"]["id"])
            made = [Request(**{**_facts(one), "session": copy}) for one in line.made] if counts else []
            copied.append(_Line({**line.row, "sessionId": copy}, made, part=True))
        self._write(folder / f"{copy}.jsonl", copied, copies=True)

    def _replay(self, folder: Path, session: str, lines: list[_Line]) -> None:
        """A side chain that begins with the main chain's last answer, under a new request id."""
        own = [line for line in lines if "requestId" in line.row and not line.lost]
        if own:
            row = {**own[-1].row, "isSidechain": True, "requestId": f"req_{self.random.getrandbits(80):020x}"}
            name = f"agent-aside_question-{self.random.getrandbits(32):08x}.jsonl"
            self._write(folder / session / "subagents" / name, [_Line(row, part=True)], copies=True)

    # bytes

    def _write(self, path: Path, lines: list[_Line], *, copies: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        style = _Style(self.random, traps=self.traps)
        content = bytearray(style.begin)
        for number, line in enumerate(lines, start=1):
            raw, named = style.bytes_of(line)
            content += raw
            if named:
                (self.truth.lost if named == "lost" else self.truth.damaged).add((str(path), number))
            if line.lost:
                self.truth.failures -= "isApiErrorMessage" in line.row
            else:
                self.truth.requests += line.made
        if self.traps and self.random.random() < 0.05 and not copies:
            content += b'{"type":"assistant","message":{"usage":{"output_tok'
            self.truth.lost.add((str(path), len(lines) + 1))
        path.write_bytes(content)
        self.truth.bytes += len(content)
        self.truth.files += 1


class _Style:
    """How one file is written down."""

    def __init__(self, pick: random.Random, *, traps: bool) -> None:
        self._pick = pick
        self._traps = traps
        odd = traps and pick.random() < 0.3
        self._spaces = odd and pick.random() < 0.3
        self._ascii = odd and pick.random() < 0.3
        self._shuffle = odd and pick.random() < 0.3
        self._escape = odd and pick.random() < 0.2
        self._padded = odd and pick.random() < 0.2
        self._end = b"\r\n" if odd and pick.random() < 0.2 else b"\n"
        self.begin = b"\xef\xbb\xbf" if odd and pick.random() < 0.1 else b""

    def bytes_of(self, line: _Line) -> tuple[bytes, str]:
        """The row with its line end, and how the reader must name it: "", "lost" or "damaged"."""
        row = line.row
        if self._shuffle:
            keys = list(row)
            self._pick.shuffle(keys)
            row = {key: row[key] for key in keys}
        parts = (", ", ": ") if self._spaces else (",", ":")
        raw = json.dumps(row, ensure_ascii=self._ascii, separators=parts).encode()
        if self._escape:
            raw = raw.replace(b'"output_tokens":', b'"output\\u005ftokens":').replace(
                b'"usage":', b'"us\\u0061ge":'
            )
        named = ""
        if self._traps and self._pick.random() < 0.02:
            raw, named = self._hurt(raw, line)
        if self._padded:
            raw = b" " + raw + b" \t"
        return raw + self._end, named

    def _hurt(self, raw: bytes, line: _Line) -> tuple[bytes, str]:
        """One of the things that happen to files, and how the reader must name it."""
        kind = self._pick.randrange(8)
        answer = line.row["type"] == "assistant"
        if kind == 0 and not line.part:  # cut off: the row is gone, and only that
            line.lost = True
            cut = raw[: self._pick.randrange(20, len(raw) - 2)]
            return cut.rstrip(b"}") or b"{", "lost"
        if not answer:
            return (raw, "") if kind != 1 else (raw.replace(b"the", b"\xff\xfe"), "")
        if kind == 1 and (place := raw.find(b'"content":[{"t')) > 0:  # a bad byte in a text
            place = raw.find(b'":', place + 14) + 4
            return raw[:place] + b"\xff" + raw[place:], "damaged"
        if kind == 2:  # a crash left zeros
            return b"\0" * 64 + raw, "damaged"
        if kind == 3:  # the row before was cut off, and this one follows on its line
            return b'{"type":"user","message":{"content":"cut o' + raw, "lost"
        if kind == 4:  # the same key twice: the last one counts
            return b'{"message":{"usage":{"output_tokens":77777}},' + raw[1:], ""
        if kind == 5:  # an enormous row
            return raw[:1] + b'"filler":"' + b"x" * self._pick.choice(
                (30_000, 30_000, 3_000_000)
            ) + b'",' + raw[1:], ""
        if kind == 6:  # deeply nested
            return raw[:1] + b'"deep":' + b"[" * 300 + b"]" * 300 + b"," + raw[1:], ""
        return raw[:1] + b'"tab":"a\tb",' + raw[1:], "damaged"


def generate(home: Path, megabytes: float, seed: int = 1, kind: str = TRAPS, days: int = 90) -> Truth:
    """Write a home of about so many MB; returns the truth."""
    return Maker(home, seed, kind, days=days).fill(int(megabytes * 1_000_000))


def _facts(one: Request) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def _moment(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def _stamp(ms: int) -> str:
    return _moment(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write_one() -> None:
    """Write a corpus and its totals."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path)
    words.add_argument("--mb", type=float, default=50)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--kind", choices=(PLAIN, TRAPS), default=TRAPS)
    given = words.parse_args()
    truth = generate(given.folder, given.mb, given.seed, given.kind)
    told = {"files": truth.files, "bytes": truth.bytes, "lost": len(truth.lost), **truth.totals}
    (given.folder / "truth.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    print(json.dumps(told))


if __name__ == "__main__":
    _write_one()
