"""A provider's 400 names a field or a beta: leave it out, ask once more, and remember it when that helped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from pf_tui.gateway.attempt_failures import FailedAttempt
from pf_tui.gateway.body import without_thinking
from pf_tui.gateway.routing import Route
from pf_tui.translate import BETA_FIELDS, drop_field, refused_part
from pf_tui.translate.dialect import GO_ON
from pf_tui.translate.refused import BETA, EFFORT, EMPTY, LIMIT, NO_EFFORT, PREFILL

MOST = 3
"""Parts of one request left out at one provider, one after another."""

THINKING = "thinking:"
"""Earlier reasoning that the vendor does not know as its own."""

ALL_BETAS = BETA + "*"

_OF_THE_CONVERSATION = (THINKING, EMPTY)
"""Not remembered: another conversation may have none of it."""

_NO_FIELDS = (*_OF_THE_CONVERSATION, NO_EFFORT, PREFILL)

_EFFORTS = ("output_config.effort", "reasoning_effort", "reasoning.effort")
_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_LEAST_BUDGET = 1024
"""Of thinking, in tokens."""

KnownRepairs = Mapping[tuple[str, str | None], tuple[str, ...]]
"""(provider, model; None = all its models) -> parts left out there."""


class Repairs:
    """What is left out of one request, by provider and model."""

    def __init__(self, repairs: KnownRepairs) -> None:
        self._known_repairs = repairs
        self._trials: dict[tuple[str, str], dict[str, Mapping[str, object]]] = {}

    def repairs_for(self, route: Route) -> tuple[str, ...]:
        """What is left out there since earlier requests."""
        if not self._known_repairs:
            return ()
        own = self._known_repairs.get((route.provider, route.model), ())
        return (*own, *self._known_repairs.get((route.provider, None), ()))

    def asked_for(
        self, failed_attempt: FailedAttempt, body: bytes, inbound: Iterable[tuple[str, str]]
    ) -> bool:
        """The answer asks for a repair that was not tried yet: the same provider may be asked once more.

        Args:
            body: what was sent.
            inbound: the client's headers.
        """
        route, repair = failed_attempt.route, failed_attempt.failure.repair
        strips = self._trials.setdefault((route.provider, route.model), {})
        if failed_attempt.status is None or len(strips) >= MOST:
            return False
        if repair is not None and repair.kind == "thinking":
            part: str | None = THINKING
        elif failed_attempt.failure.kind in ("unsupported", "request"):
            part = refused_part(failed_attempt.status, failed_attempt.body)
            if part is None and repair is not None and repair.kind == "beta":
                part = BETA + repair.names[0] if repair.names else ALL_BETAS
        else:
            part = None
        if part is None or part in strips or part in self.repairs_for(route):
            return False
        headers = list(inbound)
        before = list(self.headers(route, headers))
        strips[part] = failed_attempt.failure.evidence
        if self.body(route, body) == body and list(self.headers(route, headers)) == before:
            del strips[part]  # the request holds nothing of it
            return False
        return True

    def worked(self, route: Route) -> tuple[tuple[str, ...], Mapping[str, object]] | None:
        """What was newly left out there and helped, with what the provider had said; None = nothing."""
        if not self._trials:
            return None
        strips = self._trials.get((route.provider, route.model), {})
        parts = tuple(part for part in strips if part not in _OF_THE_CONVERSATION)
        return (parts, strips[parts[-1]]) if parts else None

    def body(self, route: Route, body: bytes) -> bytes:
        """The body without them."""
        parts = self._parts(route)
        if not parts:
            return body
        if THINKING in parts:
            body = without_thinking(body, route.protocol, lambda _: True)
        content = json.loads(body)
        before = json.dumps(content)
        if THINKING in parts and _is_in_a_tool_loop(content):
            content.pop("thinking", None)  # reasoning on would want the block that was taken out
            content.pop("context_management", None)
        for part in parts:
            if part == EMPTY:
                _without_empty_texts(content)
            elif part == PREFILL:
                _go_on(content)
            elif part == NO_EFFORT:
                content["reasoning_effort"] = "none"
            elif part.startswith(LIMIT) and part.removeprefix(LIMIT).isdecimal():
                _limit(content, int(part.removeprefix(LIMIT)))
            for field in _fields(part):
                drop_field(content, field)
        return body if json.dumps(content) == before else json.dumps(content, ensure_ascii=False).encode()

    def headers(self, route: Route, inbound: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
        """The client's headers without the betas that are refused there."""
        parts = self._parts(route)
        return _without_betas(inbound, parts) if parts else inbound

    def _parts(self, route: Route) -> tuple[str, ...]:
        if not self._trials:
            return self.repairs_for(route)
        return (*self.repairs_for(route), *self._trials.get((route.provider, route.model), ()))


def _fields(part: str) -> tuple[str, ...]:
    """The body's fields of a part: a beta takes those it gates along."""
    if part in _NO_FIELDS or part.startswith(LIMIT):
        return ()
    if part == EFFORT:
        return _EFFORTS
    if not part.startswith(BETA):
        return (part,)
    beta = part.removeprefix(BETA)
    return tuple(
        field
        for stem, fields in BETA_FIELDS.items()
        if part == ALL_BETAS or beta.startswith(stem)
        for field in fields
    )


def _limit(content: dict[str, object], most: int) -> None:
    """Ask for so many tokens at most, thoughts included."""
    for name in _LIMITS:
        if isinstance(limit := content.get(name), int) and limit > most:
            content[name] = most
    thinking = content.get("thinking")
    budget = thinking.get("budget_tokens") if isinstance(thinking, dict) else None
    if isinstance(thinking, dict) and isinstance(budget, int) and budget >= most:
        thinking["budget_tokens"] = max(_LEAST_BUDGET, most // 2)


def _without_empty_texts(content: dict[str, object]) -> None:
    """Take out blocks of blank text; a message that holds nothing else says so."""
    messages = content.get("messages")
    for message in messages if isinstance(messages, list) else ():
        blocks = message.get("content") if isinstance(message, dict) else None
        if isinstance(blocks, list):
            message["content"] = [b for b in blocks if not _is_blank(b)] or [{"type": "text", "text": "…"}]
        elif isinstance(blocks, str) and not blocks.strip():
            message["content"] = "…"


def _go_on(content: dict[str, object]) -> None:
    """Ask for the rest of an answer that was begun in the model's name."""
    messages = content.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    if isinstance(messages, list) and isinstance(last, dict) and last.get("role") == "assistant":
        messages.append({"role": "user", "content": GO_ON})


def _is_blank(block: object) -> bool:
    return (
        isinstance(block, dict) and block.get("type") == "text" and not str(block.get("text") or "").strip()
    )


def _is_in_a_tool_loop(content: Mapping[str, object]) -> bool:
    messages = content.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    blocks = last.get("content") if isinstance(last, dict) else None
    return isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "tool_result" for block in blocks
    )


def _without_betas(inbound: Iterable[tuple[str, str]], parts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    betas = {part.removeprefix(BETA) for part in parts if part.startswith(BETA)}
    for name, value in inbound:
        if name.lower() == "anthropic-beta":
            names = () if ALL_BETAS in parts else map(str.strip, value.split(","))
            remaining = [beta for beta in names if beta not in betas]
            if remaining:
                yield name, ",".join(remaining)
        else:
            yield name, value
