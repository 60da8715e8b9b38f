"""Cases of requests: what the provider has to be sent."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.oracles.cases import (
    WEATHER,
    Case,
    a,
    c,
    call_item,
    chat_call,
    everything,
    functions,
    got,
    m,
    output_item,
    r,
    roles,
    tool,
    u,
    use,
    words,
)
from tests.oracles.reading import CHAT, MESSAGES, RESPONSES, Heard

CASES: list[Case] = []
LEGAL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def case(trap: int, client: str, upstream: str, request: dict[str, Any], **more: Any) -> Any:
    """The decorated function is the check; its name is the case's."""

    def keep(check: Any) -> Any:
        name = f"{check.__name__}/{client}/{upstream}"
        number = sum(one.id.startswith(name) for one in CASES) + 1
        unique = name if number == 1 else f"{name}/{number}"
        CASES.append(Case(unique, trap, client, upstream, request, check, **more))
        return check

    return keep


def both(trap: int, request: dict[str, Any], **more: Any) -> Any:
    """The same Messages request to both OpenAI protocols."""

    def keep(check: Any) -> Any:
        for upstream in (CHAT, RESPONSES):
            case(trap, MESSAGES, upstream, request, **more)(check)
        return check

    return keep


def listed(sent: Any) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = sent.get("messages") or sent.get("input")
    return turns


# --- Codex's tools

CUSTOM = {"type": "custom", "name": "patch", "description": "edit", "format": {"type": "text"}}
LITE = {
    "type": "additional_tools",
    "role": "developer",
    "tools": [
        {
            "type": "namespace",
            "name": "shell",
            "description": "d",
            "tools": [
                CUSTOM,
                {"type": "function", "name": "look", "description": "d", "parameters": WEATHER},
            ],
        }
    ],
}


@case(1, RESPONSES, CHAT, r(LITE, u("go"), tools=()))
@case(1, RESPONSES, MESSAGES, r(LITE, u("go"), tools=()), vendor="anthropic", model="claude-sonnet-5-5")
def tools_inside_the_input_reach_the_model(sent: Any, heard: Heard) -> None:
    names = [one["name"] for one in functions(sent)]
    assert len(names) == 2
    assert all(LEGAL_NAME.fullmatch(name) for name in names)
    assert any(name.endswith("look") for name in names)


@case(1, RESPONSES, CHAT, r(u("go"), tools=[CUSTOM]))
def a_freeform_tool_is_a_function_of_one_string(sent: Any, heard: Heard) -> None:
    (one,) = functions(sent)
    assert sent["tools"][0]["type"] == "function"
    (only,) = one["parameters"]["properties"].values()
    assert only["type"] == "string"


PATCHED = (
    u("go"),
    {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": "a\n+b"},
    {"type": "custom_tool_call_output", "call_id": "c1", "output": "applied"},
    u("and now?"),
)


@case(1, RESPONSES, CHAT, r(*PATCHED, tools=[CUSTOM]))
@case(1, RESPONSES, MESSAGES, r(*PATCHED, tools=[CUSTOM]), vendor="anthropic", model="claude-sonnet-5-5")
def an_earlier_freeform_call_keeps_input_and_output(sent: Any, heard: Heard) -> None:
    assert "a\\\\n+b" in everything(sent) or "a\\n+b" in everything(sent)
    assert "applied" in everything(sent)
    if "messages" in sent and any(turn["role"] == "tool" for turn in sent["messages"]):
        (call,) = next(turn for turn in sent["messages"] if turn.get("tool_calls"))["tool_calls"]
        assert json.loads(call["function"]["arguments"])


SHELL = (
    u("go"),
    {
        "type": "local_shell_call",
        "call_id": "s1",
        "status": "completed",
        "action": {"type": "exec", "command": ["ls", "-l"], "env": {}},
    },
    {"type": "local_shell_call_output", "call_id": "s1", "output": "total 0"},
    u("well?"),
)


@case(1, RESPONSES, CHAT, r(*SHELL, tools=()))
@case(1, RESPONSES, MESSAGES, r(*SHELL, tools=()), vendor="anthropic", model="claude-sonnet-5-5")
def an_earlier_local_shell_call_is_not_forgotten(sent: Any, heard: Heard) -> None:
    assert "ls" in everything(sent["messages"][1:])
    assert "total 0" in everything(sent)


# --- reasoning of others

THOUGHT = {"type": "thinking", "thinking": "Secret musing.", "signature": "Eo8BCkYICxgC=="}
ITEM = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Secret musing."}],
    "encrypted_content": "gAAAAB",
}


@both(4, m(u("a"), a(THOUGHT, "b"), u("c")))
def signed_thinking_of_claude_is_dropped(sent: Any, heard: Heard) -> None:
    assert "Secret musing" not in everything(sent)
    assert "Eo8B" not in everything(sent)
    assert words(next(t for t in listed(sent) if t["role"] == "assistant")["content"]) == "b"


@both(4, m(u("a"), a({"type": "redacted_thinking", "data": "EmwKAhgB"}, "b"), u("c")))
def redacted_thinking_is_dropped(sent: Any, heard: Heard) -> None:
    assert "EmwK" not in everything(sent)


@case(
    4,
    RESPONSES,
    MESSAGES,
    r(u("a"), ITEM, {"role": "assistant", "content": "b"}, u("c")),
    vendor="anthropic",
    model="claude-sonnet-5-5",
)
@case(4, RESPONSES, CHAT, r(u("a"), ITEM, {"role": "assistant", "content": "b"}, u("c")))
def encrypted_reasoning_of_openai_is_dropped(sent: Any, heard: Heard) -> None:
    assert "Secret musing" not in everything(sent)
    assert "gAAAAB" not in everything(sent)


@both(39, m(u("a"), a(THOUGHT), u("c")))
def a_turn_of_thinking_alone_leaves_no_empty_message(sent: Any, heard: Heard) -> None:
    said = [turn for turn in listed(sent) if turn.get("role") == "assistant"]
    assert all(words(turn.get("content")).strip() for turn in said)
    assert "Secret" not in everything(sent)


@case(
    7,
    MESSAGES,
    CHAT,
    m(u("a"), a(THOUGHT, use("t1")), u(got("t1"))),
    vendor="deepseek",
    model="deepseek-v4-pro",
)
def deepseek_finds_reasoning_content_beside_its_calls(sent: Any, heard: Heard) -> None:
    (turn,) = (turn for turn in sent["messages"] if turn["role"] == "assistant")
    assert turn["reasoning_content"]
    assert "Secret musing" not in turn["reasoning_content"]


@case(
    8,
    MESSAGES,
    CHAT,
    m(thinking={"type": "disabled"}, output_config={"effort": "high"}),
    vendor="deepseek",
    model="deepseek-v4-pro",
)
def deepseek_without_thinking_gets_no_effort(sent: Any, heard: Heard) -> None:
    assert sent["thinking"] == {"type": "disabled"}
    assert "reasoning_effort" not in sent


# --- system, roles, order


@case(
    10, MESSAGES, CHAT, m(u("a"), a("b"), {"role": "system", "content": "Be brief."}, u("c"), system="Base.")
)
@case(
    10,
    RESPONSES,
    CHAT,
    r(
        u("a"),
        {"role": "assistant", "content": "b"},
        {"role": "developer", "content": "Be brief."},
        u("c"),
        instructions="Base.",
    ),
    vendor="mistral",
    model="mistral-medium-3-5",
)
def instructions_amid_turns_stay_in_place(sent: Any, heard: Heard) -> None:
    assert roles(sent)[0] in ("system", "developer")
    assert not {"system", "developer"} & set(roles(sent)[1:])
    assert "Be brief." in everything(sent["messages"][2:])


@case(
    10,
    MESSAGES,
    CHAT,
    m(
        system=[
            {"type": "text", "text": "One."},
            {"type": "text", "text": "Two.", "cache_control": {"type": "ephemeral"}},
        ]
    ),
    vendor="mistral",
    model="mistral-medium-3-5",
)
def blocks_of_the_system_prompt_become_plain_words(sent: Any, heard: Heard) -> None:
    first = sent["messages"][0]
    assert first["role"] == "system"
    assert "One." in words(first["content"])
    assert "Two." in words(first["content"])
    assert "cache_control" not in everything(sent)


@case(
    0,
    CHAT,
    MESSAGES,
    c({"role": "developer", "content": "Obey."}, u("a"), u("b"), a("c"), u("d")),
    vendor="anthropic",
    model="claude-sonnet-5-5",
)
def a_developer_message_is_claude_s_system(sent: Any, heard: Heard) -> None:
    assert "Obey." in everything(sent["system"])
    assert "Obey." not in everything(sent["messages"])
    assert set(roles(sent)) == {"user", "assistant"}


@both(
    25,
    m(
        system=[
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.332.1a2; cch=00af1;"},
            {"type": "text", "text": "You help."},
        ]
    ),
)
def claude_code_s_billing_line_stays_at_home(sent: Any, heard: Heard) -> None:
    assert "billing-header" not in everything(sent)
    assert "You help." in everything(sent)


TWO = (u("a"), a(use("t1", "Rome"), use("t2", "Oslo")))


@both(20, m(*TWO, u("By the way:", got("t2", "cold"), got("t1", "hot"), "go on")))
def results_follow_their_calls_before_the_user_s_words(sent: Any, heard: Heard) -> None:
    turns = listed(sent)
    kinds = [turn.get("type") or turn["role"] for turn in turns]
    kinds = [
        "call" if k == "function_call" or t.get("tool_calls") else k
        for k, t in zip(kinds, turns, strict=True)
    ]
    results = [place for place, kind in enumerate(kinds) if kind in ("tool", "function_call_output")]
    calls = [place for place, kind in enumerate(kinds) if kind == "call"]
    assert len(results) == 2
    assert results == list(range(max(calls) + 1, max(calls) + 3))
    by = {turns[p].get("tool_call_id") or turns[p]["call_id"]: everything(turns[p]) for p in results}
    assert "hot" in by["t1"]
    assert "cold" in by["t2"]
    assert "go on" in everything(turns[max(results) + 1 :])


@both(19, m(*TWO, u(got("t1", "hot"), "stop, something else")))
def a_call_without_result_gets_one(sent: Any, heard: Heard) -> None:
    assert [
        t.get("tool_call_id") or t.get("call_id")
        for t in listed(sent)
        if t.get("role") == "tool" or t.get("type") == "function_call_output"
    ] == ["t1", "t2"]


@both(19, m(u("a"), a("b"), u(got("lost", "orphan"), "c")))
def a_result_without_call_goes(sent: Any, heard: Heard) -> None:
    assert not [t for t in listed(sent) if t.get("role") == "tool" or t.get("type") == "function_call_output"]
    assert "c" in everything(listed(sent)[-1])


@case(
    20,
    CHAT,
    MESSAGES,
    c(
        u("a"),
        {"role": "assistant", "content": None, "tool_calls": [chat_call("k1"), chat_call("k2", "Oslo")]},
        tool("k2", "cold"),
        tool("k1", "hot"),
        u("so?"),
    ),
    vendor="anthropic",
    model="claude-sonnet-5-5",
)
@case(
    20,
    RESPONSES,
    MESSAGES,
    r(
        u("a"),
        call_item("k1"),
        call_item("k2", "Oslo"),
        output_item("k2", "cold"),
        output_item("k1", "hot"),
        u("so?"),
    ),
    vendor="anthropic",
    model="claude-sonnet-5-5",
)
def all_results_are_in_the_one_turn_after_the_calls(sent: Any, heard: Heard) -> None:
    assert roles(sent) == ["user", "assistant", "user"]
    assert [block["type"] for block in sent["messages"][1]["content"]] == ["tool_use", "tool_use"]
    blocks = sent["messages"][2]["content"]
    assert [block["type"] for block in blocks] == ["tool_result", "tool_result", "text"]
    by = {block["tool_use_id"]: everything(block["content"]) for block in blocks[:2]}
    assert "hot" in by["k1"]
    assert "cold" in by["k2"]
