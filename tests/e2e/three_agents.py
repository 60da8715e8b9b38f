"""Three real agents behind the gateway, one hits its limit, moves and returns; the dashboard watches.

All three work on a plan; Codex's session alone is moved to a paid provider. The plan's window is used up:
Claude Code's session is limited, the person allows paid providers for today with one key, the session goes
on there, and is back on the plan after the reset. `python -m tests.e2e.three_agents` records it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pf_tui import records
from pf_tui.drill.fake_replies import Reply
from pf_tui.drill.fake_upstream import ReceivedRequest, Step
from pf_tui.drill.faults import FAULTS
from tests import clients
from tests.clients import Machine, machine
from tests.e2e.test_codex import end_daemons
from tests.e2e.test_gateway_agents import Hosted, tool_names
from tests.tui.terminal import Terminal

SIZE = (120, 36)
PLAN, PAID, OTHER = "zai-coding-plan", "openrouter", "openai-api"
KEYS = {"ZAI_API_KEY": "sk-zai-1", "OPENROUTER_API_KEY": "sk-or-1", "OPENAI_API_KEY": "sk-oa-1"}
PROTOCOLS = ["anthropic-messages", "openai-chat", "openai-responses"]

BACK_S = 75
"""Longer than a minute: a limit that ends sooner is left to every client's own retries."""

TURN_S = 4.0
"""How long a turn takes, so that it can be seen."""

PATIENCE_S = 90.0

TOLD_S = 15.0
"""When the dashboard has not told it by then it never will."""

SOON_S = 1.0
"""Within this the dashboard must tell what happened."""

LIMIT = records.replace(FAULTS["429"], message="Usage limit reached", back_s=BACK_S)


class Model:
    """What a provider answers, and when it was asked by whom."""

    def __init__(self) -> None:
        self.limited = False
        self.asked_at: list[float] = []

    def __call__(self, asked: ReceivedRequest) -> Step:
        if not tool_names(asked):
            return Reply(text="A title")
        self.asked_at.append(time.perf_counter())
        return LIMIT if self.limited else Reply(text="Done so far.", wait_s=TURN_S)


class Camera(Terminal):
    """The dashboard's terminal, whose output is kept with its times."""

    def __init__(self, words: Sequence[str], world: dict[str, str], cwd: Path) -> None:
        super().__init__(words, world, columns=SIZE[0], rows=SIZE[1], cwd=cwd)
        self.film: list[tuple[float, bytes]] = []

    def listen(self, wait_s: float) -> float | None:
        before = len(self.output)
        moment = super().listen(wait_s)
        if moment is not None:
            self.film.append((moment - self.began, bytes(self.output[before:])))
        return moment

    def cast(self) -> str:
        """The film as asciinema's JSON lines, version 2."""
        head = {"version": 2, "width": SIZE[0], "height": SIZE[1], "idle_time_limit": 3, "title": "pf-tui"}
        thinner = Thinner()
        pieces = [(round(at_s, 2), thinner.thin(text)) for at_s, text in _whole_characters(self.film)]
        lines = [
            json.dumps([at_s, "o", "".join(text for _, text in together)], ensure_ascii=False)
            for at_s, together in itertools.groupby(pieces, key=lambda piece: piece[0])
        ]
        return "\n".join([json.dumps(head), *lines]) + "\n"


_COLOUR = re.compile(r"[34]8;2;\d+;\d+;\d+|\d+")
"""One part of a style: a colour of text or ground, bold …"""


class Thinner:
    """Output without the colours that hold already: half of a full-screen program's bytes."""

    _SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m|(\x1b\[[0-9;]*[Hf])")

    def __init__(self) -> None:
        self._holds: str | None = None
        self._ended = False
        """A reset was read and not written yet."""

    def thin(self, text: str) -> str:
        """The piece that follows, thinner."""
        written: list[str] = []
        at = 0
        for found in self._SEQUENCE.finditer(text):
            written.append(self._plain(text[at : found.start()]))
            at = found.end()
            colours, moves = found.group(1), found.group(2)
            if moves:
                written.append(moves)
            elif colours in ("", "0"):
                self._ended = True
            elif self._ended:
                written.append(self._change(colours))
            else:
                written.append(f"\x1b[{colours}m")
                self._holds = colours if self._holds is None else ""
        written.append(self._plain(text[at:]))
        return "".join(written)

    def _change(self, colours: str) -> str:
        """From what holds to these colours, in place of a reset and all of them."""
        old, new = (set(_COLOUR.findall(told or "")) for told in (self._holds, colours))
        kept = {one[:2] for one in old if one not in new} <= {one[:2] for one in new} and bool(self._holds)
        told = [one for one in _COLOUR.findall(colours) if one not in old] if kept else ["0", colours]
        self._ended, self._holds = False, colours
        return f"\x1b[{';'.join(told)}m" if told else ""

    def _plain(self, text: str) -> str:
        if not text or not self._ended:
            return text
        self._ended, self._holds = False, None
        return f"\x1b[0m{text}"


def _whole_characters(film: Sequence[tuple[float, bytes]]) -> Iterator[tuple[float, str]]:
    """Pieces of output as text; a character cut in two goes to the later piece."""
    left = b""
    for at_s, piece in film:
        data = left + piece
        end = len(data)
        while end and end > len(data) - 4:
            try:
                text = data[:end].decode()
                break
            except UnicodeDecodeError:
                end -= 1
        else:
            text, end = data.decode(errors="replace"), len(data)
        left = data[end:]
        if text:
            yield at_s, text


@dataclass
class Moment:
    """Something the dashboard told, and how long after it had happened."""

    what: str
    after_s: float
    line_1: str


@contextlib.contextmanager
def _upstreams() -> Iterator[tuple[Hosted, dict[str, Model]]]:
    hosted = Hosted(PLAN, PAID, OTHER)
    models = {name: Model() for name in (PLAN, PAID, OTHER)}
    try:
        for name, upstream in hosted.upstreams.items():
            upstream.name = "stand-in"
            upstream.follow(models[name])
        yield hosted, models
    finally:
        hosted.close()


def _settle(made: Machine, hosted: Hosted) -> None:
    """Providers of the catalog whose addresses are ours, agents that ask nothing at their start."""
    listed = [
        {"id": name, "base_url": hosted[name].url, "protocols": PROTOCOLS} for name in (PLAN, PAID, OTHER)
    ]
    (made.state / "providers.yaml").write_text(json.dumps({"providers": listed}))
    order = [PLAN, PAID, OTHER]
    config = {"version": 2, "providerPriority": order}
    (made.state / "config.json").write_text(json.dumps(config))
    clients.settle_claude(made)
    del made.extra["NO_PROXY"]  # `run` sees to that
    made.extra |= {"OPENCODE_DISABLE_MODELS_FETCH": "1", **KEYS}
    folder = made.home / ".config" / "opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.json").write_text(json.dumps({"share": "disabled", "autoupdate": False}))
    (made.home / ".codex").mkdir()
    own = "check_for_update_on_startup = false\n"
    trusted = f'[projects."{made.home}/web"]\ntrust_level = "trusted"\n'
    (made.home / ".codex" / "config.toml").write_text(own + trusted)


@dataclass
class Stage:
    """Who plays, and what has been seen."""

    camera: Camera
    models: dict[str, Model]
    box: Machine
    claude: clients.Terminal
    codex: clients.Terminal
    opencode: clients.Terminal
    moments: list[Moment] = field(default_factory=list)

    def asked(self, provider: str, before: int) -> float:
        """When the provider was asked again; the dashboard is filmed meanwhile."""
        at = self.models[provider].asked_at
        deadline = time.monotonic() + PATIENCE_S
        while len(at) <= before:
            if time.monotonic() > deadline:
                shown = f"{self.claude.screen()}\n{self.camera.text()}"
                raise AssertionError(f"{provider} was never asked\n{shown}")
            self.camera.listen_for(0.05)
        return at[before]

    def say(self, words: str, provider: str) -> float:
        """Ask Claude Code for a turn; returns when the provider had its request."""
        before = len(self.models[provider].asked_at)
        self.claude.type(words)
        self.claude.press("Enter")
        return self.asked(provider, before)

    def session_of(self, agent: str) -> str:
        """The id of an agent's session."""
        told = json.loads(self.box.pf("sessions", "--json"))
        return next(str(session["id"]) for session in told if session["agent"] == agent)

    def told(self, what: str, since: float, line_1: str, row: str) -> None:
        """The dashboard shows both: line 1 begins so, and the session's two lines read so (patterns)."""

        def holds() -> bool:
            text = self.camera.text()
            return re.match(line_1, text) is not None and re.search(row, text) is not None

        at = self.camera.until(holds, f"{what}: {line_1} and {row}", TOLD_S)
        shown = self.camera.text().splitlines()[0].strip()
        self.moments.append(Moment(what, max(at - since, 0.0), shown))

    def watch(self, seconds: float) -> None:
        """Let the film go on."""
        self.camera.listen_for(seconds)


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """The agents at work in three folders of one home, each in a terminal, and the dashboard beside them."""
    with _upstreams() as (hosted, models), contextlib.ExitStack() as ends:
        made = machine(folder, {}, PROTOCOLS[0])
        api, web, infra = (replace(made, work=made.home / name) for name in ("api", "web", "infra"))
        for box in (api, web, infra):
            box.work.mkdir()
        _settle(api, hosted)
        api.pf("gateway", "start")
        ends.callback(api.run, sys.executable, "-m", "pf_tui", "gateway", "stop")
        ends.callback(end_daemons, made.home)
        claude = ends.enter_context(clients.terminal(api, "pf-tui", "run", "claude"))
        codex = ends.enter_context(clients.terminal(web, "pf-tui", "run", "codex", "--", "-m", "gpt-5.2"))
        opencode = ends.enter_context(clients.terminal(infra, "pf-tui", "run", "opencode"))
        claude.wait_for("❯", PATIENCE_S)
        codex.wait_for("Ask Codex", PATIENCE_S)
        opencode.wait_for("Ask anything", PATIENCE_S)
        camera = ends.enter_context(Camera([sys.executable, "-m", "pf_tui"], api.env, made.home))
        yield Stage(camera, models, api, claude, codex, opencode)


def row(sign: str, state: str, provider: str) -> str:
    """Claude Code's session: its line, and the provider below."""
    return rf"{sign} {state}\S* +api .*\n.* {provider} "


def play(on: Stage) -> None:
    """The whole story."""
    camera, plan = on.camera, on.models[PLAN]
    camera.see("Sessions  3")
    on.watch(2)
    camera.send("5")
    on.codex.submit("Look around.", "esc to interrupt", PATIENCE_S)
    on.opencode.type("Look around.")
    on.opencode.press("Enter")
    since = on.say("Look around.", PLAN)
    on.told("busy", since, r" ● zai-coding-plan ", row("●", "working", "zai-plan"))
    on.claude.wait_for("Done so far.", PATIENCE_S)
    on.codex.wait_for("Done so far.", PATIENCE_S)
    on.box.pf("switch", OTHER, "--session", on.session_of("codex"))
    on.codex.submit("Look again.", "esc to interrupt", PATIENCE_S)
    on.watch(TURN_S)
    on.box.pf("allow", "paid", "--ask")

    plan.limited = True
    since = on.say("Go on with it.", PLAN)
    back_at = since + BACK_S
    on.told("limited", since, r" ○ zai-coding-plan .* nobody follows ", row("◌", "limited", "zai-plan"))
    on.watch(4)
    since = camera.send("P")
    line_1 = r" ○ zai-coding-plan .*openrouter, next request "
    on.told("the person allows paid providers", since, line_1, "may follow")
    on.watch(3)
    since = on.say("And now?", PAID)
    on.told("moved", since, r" ● openrouter ", row("●", "working", "openrouter"))

    plan.limited = False
    while time.perf_counter() < back_at + 2:
        on.watch(0.5)
    since = on.say("Finish it.", PLAN)
    on.told("returned", since, r" ● zai-coding-plan ", row("●", "working", "zai-plan"))
    on.watch(TURN_S + 2)


def main() -> None:
    """Record it to the file named, and print what was told when."""
    with tempfile.TemporaryDirectory(prefix="pf-three-") as folder, stage(Path(folder)) as on:
        try:
            play(on)
        finally:
            for moment in on.moments:
                late = "" if moment.after_s <= SOON_S else "   LATE"
                print(f"{moment.what:40}{moment.after_s:6.2f} s   {moment.line_1}{late}", flush=True)
        path = Path(sys.argv[1])
        film = on.camera.cast()
        path.write_text(film, encoding="utf-8")
        print(f"{path}  {len(film) // 1024} KB")
    sys.exit(any(moment.after_s > SOON_S for moment in on.moments))


if __name__ == "__main__":
    main()
