"""Cases through one other program: `PYTHON peer.py litellm < cases.json > results.json`.

Runs by the interpreter of a venv that holds that program, so it imports the standard library and the program
alone. Where the program calls the provider itself, that is a server here that answers as the case has it.
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this folder has modules of the names of others

import asyncio
import importlib.metadata
import json
import logging
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

PACKAGES = {"litellm": "litellm", "any-llm": "any-llm-sdk", "llm-rosetta": "llm-rosetta"}
MESSAGES, CHAT, RESPONSES = "anthropic-messages", "openai-chat", "openai-responses"
ENDS = {"/messages": MESSAGES, "/chat/completions": CHAT, "/responses": RESPONSES}
LIMIT_S = 20.0


class NotOfferedError(Exception):
    """The program has no such direction."""


class Upstream(BaseHTTPRequestHandler):
    """Answers what the case says and keeps what it was sent."""

    case: ClassVar[dict[str, Any]] = {}
    sent: ClassVar[dict[str, Any] | None] = None
    path_asked: ClassVar[str] = ""

    def do_POST(self) -> None:
        cls = type(self)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        cls.path_asked, cls.sent = self.path.partition("?")[0], json.loads(body)
        raw = answer(cls.case, cls.sent)
        self.send_response(cls.case["status"])
        streams = cls.case["stream"] and cls.case["status"] == 200
        self.send_header("content-type", "text/event-stream" if streams else "application/json")
        self.send_header("connection", "close")
        if not streams:
            self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
        self.close_connection = True

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def main() -> None:
    """Run every case; one JSON document with the version and a result per case."""
    name = sys.argv[1]
    out, sys.stdout = sys.stdout, sys.stderr
    logging.disable(logging.CRITICAL)
    os.environ.update(OPENAI_API_KEY="k", ANTHROPIC_API_KEY="k", MISTRAL_API_KEY="k", DEEPSEEK_API_KEY="k")
    cases = json.load(sys.stdin)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    run = {"litellm": litellm, "any-llm": any_llm, "llm-rosetta": rosetta}[name]
    results = {}
    for case in cases:
        Upstream.case, Upstream.sent, Upstream.path_asked = case, None, ""
        try:
            heard = asyncio.run(asyncio.wait_for(run(case, url), LIMIT_S))
            results[case["id"]] = {"sent": Upstream.sent or case.get("sent"), "heard": heard}
        except NotOfferedError:
            results[case["id"]] = {"not_offered": True}
        except BaseException as error:
            told = {"error": f"{type(error).__name__}: {error}"[:2000]}
            results[case["id"]] = {"sent": Upstream.sent or case.get("sent"), "heard": told}
        end = next((kind for end, kind in ENDS.items() if Upstream.path_asked.endswith(end)), None)
        if end and end != case["upstream"]:
            results[case["id"]] = {"not_offered": True}  # it speaks another protocol to that provider
    json.dump({"version": importlib.metadata.version(PACKAGES[name]), "results": results}, out)


def answer(case: dict[str, Any], sent: dict[str, Any]) -> bytes:
    """What the provider says; without a body of the case's own: a call of the first tool it was sent."""
    if case["raw"]:
        return str(case["raw"]).encode("latin-1")
    function = {"name": sent["tools"][0]["function"]["name"], "arguments": '{"city":"Rome"}'}
    call = {"id": "k1", "type": "function", "function": function}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    usage = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
    head = {"id": "chatcmpl-7", "object": "chat.completion", "created": 1, "model": "m"}
    return json.dumps({**head, "choices": [choice], "usage": usage}).encode()


def plain(value: Any) -> Any:
    """An SDK's object as JSON has it."""
    dump = getattr(value, "model_dump", None)
    return json.loads(json.dumps(dump(mode="json") if dump else value, default=str))


async def whole_or_events(answer: Any) -> Any:
    """A whole answer, or every event of a stream; SSE bytes are taken apart."""
    if not hasattr(answer, "__aiter__"):
        return plain(answer)
    heard: list[Any] = []
    try:
        async for event in answer:
            heard += from_sse(event) if isinstance(event, (bytes, str)) else [plain(event)]
    except Exception as error:
        heard.append({"type": "error", "error": {"message": f"{type(error).__name__}: {error}"[:500]}})
    return heard


def from_sse(raw: bytes | str) -> list[Any]:
    text = raw.decode() if isinstance(raw, bytes) else raw
    lines = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
    return [json.loads(line) for line in lines if line and line != "[DONE]"]


VENDORS = {"openai": "openai", "anthropic": "anthropic", "mistral": "mistral", "deepseek": "deepseek"}


async def litellm(case: dict[str, Any], url: str) -> Any:
    """Its SDK, as its proxy calls it."""
    import litellm as library

    library.use_chat_completions_url_for_anthropic_messages = case["upstream"] == CHAT
    library.drop_params = True
    library.num_retries = 0
    body = dict(case["request"])
    vendor = VENDORS.get(case["vendor"], "hosted_vllm")
    model = f"{vendor}/{case['model']}"
    base = url if vendor == "anthropic" else f"{url}/v1"
    common = {"api_base": base, "api_key": "k", "stream": case["stream"]}
    body.pop("stream", None)
    body.pop("model", None)
    if case["client"] == MESSAGES:
        return await whole_or_events(await library.anthropic.messages.acreate(model=model, **common, **body))
    if case["client"] == CHAT:
        if case["upstream"] == RESPONSES:
            model = f"openai/responses/{case['model']}"
        return await whole_or_events(await library.acompletion(model=model, **common, **body))
    if case["upstream"] == CHAT and vendor == "openai":
        model = f"custom_openai/{case['model']}"
    return await whole_or_events(await library.aresponses(model=model, **common, **body))


async def any_llm(case: dict[str, Any], url: str) -> Any:
    """Its three calls."""
    import any_llm as library

    vendor = VENDORS.get(case["vendor"], "openai")
    body = dict(case["request"]) | {"model": case["model"], "stream": case["stream"]}
    base = url if vendor in ("anthropic", "deepseek") else f"{url}/v1"
    common = {"provider": vendor, "api_key": "k", "api_base": base}
    try:
        if case["client"] == MESSAGES:
            return await whole_or_events(await library.amessages(**common, **body))
        if case["client"] == CHAT:
            return await whole_or_events(await library.acompletion(**common, **body))
        body["input_data"] = body.pop("input")
        return await whole_or_events(await library.aresponses(**common, **body))
    except NotImplementedError as error:
        raise NotOfferedError from error
    except ImportError as error:
        raise NotOfferedError from error


NAMES = {MESSAGES: "anthropic", CHAT: "openai_chat", RESPONSES: "openai_responses"}


async def rosetta(case: dict[str, Any], url: str) -> Any:
    """Its pipeline; it does no I/O, so raw streams are parsed for it."""
    from llm_rosetta import ConversionPipeline

    if case["raw_matters"]:
        raise NotOfferedError
    pipeline = ConversionPipeline(NAMES[case["client"]], NAMES[case["upstream"]])
    body = dict(case["request"]) | {"model": case["model"], "stream": case["stream"]}
    case["sent"] = plain(pipeline.convert_request(body))
    raw = answer(case, case["sent"])
    if case["status"] != 200:
        raise NotOfferedError
    if not case["stream"]:
        return plain(pipeline.convert_response(json.loads(raw)))
    processor = pipeline.create_stream_processor()
    heard: list[Any] = []
    for event in from_sse(raw):
        heard += [plain(one) for one in processor.process_chunk(event)]
    finalize = getattr(processor, "finalize", None)
    if finalize is not None:
        heard += [plain(one) for one in finalize() or []]
    return heard


if __name__ == "__main__":
    main()
