"""A provider's credential: where it is, try it, set it behind dots, remove it after a second enter.

Invariant: a typed key goes to `actions.auth` inside a Secret and nowhere else; nothing of it is drawn.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult

from pf_tui import auth_check
from pf_tui.actions import auth
from pf_tui.catalog import Provider
from pf_tui.documents import auth as auth_documents
from pf_tui.errors import PfError
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.state.secret import Secret
from pf_tui.text.lines import Span, line, muted, wrap, wrapped
from pf_tui.tui import provider_order
from pf_tui.tui.dialogs.dialog import Box, Dialog, DialogPane
from pf_tui.tui.dialogs.line import TextLine
from pf_tui.tui.messages import Announcement
from pf_tui.tui.page import Page, Row, Space
from pf_tui.tui.provider_order import CREDENTIAL_COLOURS

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen

_KEYS = ("api_key", "token", "none")
"""Kinds of sign-in that are a key a person can paste."""

LABEL = 18
NARROW = 56
"""Below this what a choice does stands under it."""


class Credential(Dialog):
    """`c`"""

    def __init__(self, screen: MainScreen, provider: str) -> None:
        super().__init__(screen)
        self.provider = provider
        self._feedback: tuple[str, str] = ("", "muted")
        self._secret: Secret | None = None
        """Typed, and not kept yet because there is no keyring."""
        self._sure = False
        """Enter on "remove" was pressed once."""

    def compose(self) -> ComposeResult:
        with Box(id="sheet"):
            yield DialogPane()
            with Box(id="search"):
                yield KeyLine(placeholder="paste the key · enter keeps it, esc does not", password=True)

    def opened(self) -> None:
        """Where there is no credential yet, the line for a key is open at once."""
        view = self.main_screen.shown_snapshot().view(self.provider)
        if takes_key(view.provider) and view.credential.state == "missing":
            self.open_line()

    def on_key(self, event: events.Key) -> None:
        """Every printable letter but `q` begins a key."""
        character = event.character if event.is_printable else None
        if character is None or character == "q" or self.focused is self.query_one(TextLine):
            return
        event.stop()
        event.prevent_default()
        if takes_key(self.main_screen.shown_snapshot().view(self.provider).provider):
            self._type(character)

    def on_paste(self, event: events.Paste) -> None:
        """A paste anywhere on the sheet is the key."""
        event.stop()
        view = self.main_screen.shown_snapshot().view(self.provider)
        if takes_key(view.provider):
            self._type(event.text.strip())
        else:
            self._tell(f"{view.id} takes no key: {auth_documents.cure(view.provider)} signs in", "bad")

    def _type(self, text: str) -> None:
        self.open_line()
        self.query_one(TextLine).insert_text_at_cursor(text)

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        view = snapshot.view(self.provider)
        return page_for(view, space, self._feedback, unkept=self._secret is not None, sure=self._sure)

    def moved(self, key: str | None) -> None:
        if self._sure and key != "remove":
            self._sure = False
            self.redraw()

    def choose(self, key: str) -> None:
        if key == "check":
            self._tell("asking …", "muted")
            self.app.look_up(self._check)
        elif key == "set":
            self.open_line()
        elif key == "file" and self._secret is not None:
            self._keep(self._secret, in_file=True)
        elif key == "remove" and not self._sure:
            self._sure = True
            self.redraw()
        elif key == "remove":
            self._sure = False
            self._do(self._remove)

    # -- what the rows do, in threads

    def _check(self) -> None:
        result = auth_check.check(self.app.ctx, self.provider)
        took = f" in {result.latency_ms} ms" if result.latency_ms is not None else ""
        words = f"{result.message}{took}" + (f" · {result.hint}" if result.hint else "")
        self.app.soon(partial(self._tell, words, "good" if result.ok else "bad"))

    def _keep(self, secret: Secret, *, in_file: bool = False) -> None:
        def keep() -> None:
            try:
                store_name = auth.set_key(self.app.ctx, self.provider, secret, in_file=in_file)
            except PfError as error:
                self._secret = None if in_file else secret
                self.app.soon(partial(self._tell, str(error), "bad"))
                return
            self._secret = None
            where = "the keyring" if store_name == "keyring" else f"{store_name} (0600)"
            self.app.soon(partial(self._tell, f"kept in {where}, and read back; check tries it", "good"))

        self._do(keep)

    def _remove(self) -> None:
        store_names = auth.remove_key(self.app.ctx, self.provider)
        self.app.soon(partial(self._tell, f"deleted from {' and '.join(store_names)}", "warn"))

    def _do(self, verb: object) -> None:
        def done() -> Announcement | None:
            try:
                verb()  # type: ignore[operator]
            except PfError as error:
                self.app.soon(partial(self._tell, str(error), "bad"))
            return None

        self.app.perform(done, waits=True)  # a keyring may ask to be unlocked

    def _tell(self, words: str, colour: str) -> None:
        self._feedback = (words, colour)
        self.redraw()

    # -- the line to type into

    def typed(self, text: str) -> None:
        """Nothing looks at a key while it is typed."""

    def entered(self, text: str) -> None:
        key = text.strip()
        self.left_line()
        if not key:
            return
        if len(key.split()) > 1 or not key.isprintable():
            self._tell("the key has white space inside; nothing was stored · copy the key alone", "bad")
            return
        self._tell("keeping it …", "muted")
        self._keep(Secret(key))

    def left_line(self) -> None:
        self.query_one(TextLine).value = ""
        self.close_line()


class KeyLine(TextLine):
    """The line a key goes into: the whole of a paste, also one that begins with an empty line."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.insert_text_at_cursor(event.text.strip())


def takes_key(provider: Provider) -> bool:
    """A person can paste a key for it; the others are signed in to by their agent."""
    return provider.auth in _KEYS or not provider.login_command


def page_for(
    view: ProviderView, space: Space, feedback: tuple[str, str], *, unkept: bool, sure: bool
) -> Page:
    """What is known, what can be done, and what came of it."""
    credential, provider = view.credential, view.provider
    colour = CREDENTIAL_COLOURS[credential.state]
    source = f" in {credential.source}" if credential.source else ""
    rows = [
        Row(text_line)
        for text_line in wrapped(line(Span(credential.state, colour, bold=True), source), space.width)
    ]
    if credential.expires_at:
        rows.append(Row(line(muted(f"until {space.clock.clock(credential.expires_at)}"))))
    names = [*provider.env, *provider.env_all, *provider.env_maybe]
    if names:
        rows += [
            Row(text_line)
            for text_line in wrap(f"variables looked at: {', '.join(names)}", space.width, "muted")
        ]
    if provider.login_command:
        text = f"its login belongs to the agent: run `{provider.login_command}`; pf-tui starts none"
        rows += [Row(text_line) for text_line in wrap(text, space.width, "muted")]
    rows.append(Row())
    cheapest = "the cheapest real request this provider allows, once, to its own host"
    rows += _choice("check", "check", cheapest, space)
    if takes_key(provider):
        hidden = "type or paste the key; it is not shown and goes into the keyring"
        rows += _choice("set", "set", hidden, space)
    if unkept:
        private = "the key you typed, in a file only you can read (0600)"
        rows += _choice("file", "keep in auth.json", private, space)
    if credential.source in ("keyring", "auth.json"):
        does = (
            "enter again deletes it; that cannot be undone"
            if sure
            else f"delete the key from {credential.source}"
        )
        rows += _choice("remove", "remove", does, space, colour="bad" if sure else "text")
    words, colour_of_answer = feedback
    if words:
        rows += [Row(), *(Row(text_line) for text_line in wrap(words, space.width, colour_of_answer))]
    title = line(Span(provider_order.short_name(view.id) if space.width < 50 else view.id, "text", bold=True))
    return Page(
        title="Credential", facts=title, rows=tuple(rows), keys=(("enter", "does it"), ("q", "closes"))
    )


def _choice(key: str, word: str, does: str, space: Space, *, colour: str = "text") -> list[Row]:
    """The word and what it does; beside each other where there is room, else below."""
    label = Span(f"{word:<{LABEL}}", "accent")
    if space.width < NARROW:
        return [
            Row(line(label), key),
            *(Row(line("  ", text_line)) for text_line in wrap(does, space.width - 2, colour)),
        ]
    first, *more = wrap(does, space.width - LABEL, colour)
    return [Row(line(label, first), key), *(Row(line(" " * LABEL, text_line)) for text_line in more)]
