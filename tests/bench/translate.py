"""What translation costs, an event and a request of 500 KB, beside json.loads and json.dumps alone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from pf_tui import translate
from pf_tui.catalog import load
from pf_tui.drill import fake_replies
from pf_tui.translate import Dialect, Exchange, dialect

PROTOCOLS = ("anthropic-messages", "openai-chat", "openai-responses")
EVENT_LIMIT_US = 20.0
REQUEST_LIMIT_MS = 10.0


def main() -> None:
    """Print both tables; SystemExit when a limit is broken."""
    broken = [*_events(), *_requests()]
    if broken:
        raise SystemExit(f"over the limit: {', '.join(broken)}")


def _events() -> list[str]:
    reply = fake_replies.Reply(
        text="word " * 3000,
        thinking="thought " * 500,
        calls=tuple(
            fake_replies.Call(name="Bash", arguments={"command": "echo " + "x" * 4000}) for _ in range(4)
        ),
    )
    print(f"{'stream of … for …':44} {'µs an event':>12} {'json alone':>12}")
    broken = []
    for upstream in PROTOCOLS:
        events = fake_replies.events(upstream, reply, "m", 1)
        lines = [line[6:] for event in events for line in event.split(b"\n") if line.startswith(b"data: {")]

        def baseline(lines: list[bytes] = lines) -> None:
            for line in lines:
                json.dumps(json.loads(line))

        for source in PROTOCOLS:
            if source == upstream:
                continue

            def run(source: str = source, upstream: str = upstream, events: list[bytes] = events) -> None:
                stream = translate.events(
                    Exchange(_small(source), source, _target(upstream)), message_id="msg_1"
                )
                for event in events:
                    stream.feed(event)
                stream.finish()

            cost, plain = _best(run) / len(events) * 1e6, _best(baseline) / len(events) * 1e6
            name = f"{upstream} for {source}"
            print(f"{name:44} {cost:12.1f} {plain:12.1f}")
            if cost > EVENT_LIMIT_US:
                broken.append(name)
    return broken


def _requests() -> list[str]:
    print(f"\n{'request of 500 KB: … to …':44} {'ms':>12} {'json alone':>12}")
    broken = []
    for source in PROTOCOLS:
        raw = _large(source)
        plain = _best(lambda raw=raw: json.dumps(json.loads(raw))) * 1e3
        for upstream, provider in zip(PROTOCOLS, ("deepseek-api", "google-api", "xai-api"), strict=True):
            target = _target(upstream, provider)
            cost = _best(lambda raw=raw, source=source, target=target: Exchange(raw, source, target)) * 1e3
            name = f"{source} to {provider} ({upstream})"
            print(f"{name:44} {cost:12.2f} {plain:12.2f}")
            if cost > REQUEST_LIMIT_MS:
                broken.append(name)
    return broken


def _target(protocol: str, provider: str = "compatible") -> Dialect:
    return dialect(load().dialect(provider, protocol), provider, protocol, "model-x")


def _best(run: Callable[[], Any], times: int = 7) -> float:
    """Seconds of processor time of the fastest run: the machine does other work as well."""
    spans = []
    for _ in range(times):
        began = time.process_time()
        run()
        spans.append(time.process_time() - began)
    return min(spans)


def _small(source: str) -> bytes:
    key = "input" if source == "openai-responses" else "messages"
    return json.dumps({"model": "m", key: [{"role": "user", "content": "hi"}], "stream": True}).encode()


def _large(source: str) -> bytes:
    """A session of 125 steps: a call, 3.5 KB of result, some words; 40 tools."""
    schema = {
        "$schema": "x",
        "type": "object",
        "properties": {"command": {"type": "string", "description": "d" * 200}},
    }
    result = 'a line of output, with numbers 1234 and "quotes"\n' * 70
    turns: list[Any] = []
    for step in range(125):
        call, words = f"toolu_{step:024}", "Let me look at the next file. " * 3
        arguments = {"command": f"sed -n {step}p file"}
        if source == "anthropic-messages":
            use = {"type": "tool_use", "id": call, "name": "Bash", "input": arguments}
            turns.append({"role": "assistant", "content": [{"type": "text", "text": words}, use]})
            turns.append(
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call, "content": result}]}
            )
        elif source == "openai-chat":
            function = {"name": "Bash", "arguments": json.dumps(arguments)}
            calls = [{"id": call, "type": "function", "function": function}]
            turns.append({"role": "assistant", "content": words, "tool_calls": calls})
            turns.append({"role": "tool", "tool_call_id": call, "content": result})
        else:
            turns.append({"role": "assistant", "content": [{"type": "output_text", "text": words}]})
            turns.append(
                {"type": "function_call", "call_id": call, "name": "Bash", "arguments": json.dumps(arguments)}
            )
            turns.append({"type": "function_call_output", "call_id": call, "output": result})
    tools = [{"name": f"tool{number}", "description": "what it does " * 20} for number in range(40)]
    written: list[Any]
    if source == "anthropic-messages":
        written = [tool | {"input_schema": schema} for tool in tools]
    elif source == "openai-chat":
        written = [{"type": "function", "function": tool | {"parameters": schema}} for tool in tools]
    else:
        written = [{"type": "function", **tool, "parameters": schema} for tool in tools]
    key = "input" if source == "openai-responses" else "messages"
    turns.insert(0, {"role": "user", "content": "begin"})
    return json.dumps({"model": "m", key: turns, "tools": written, "max_tokens": 32000}).encode()
