"""What the protocols' owners and the clouds that host their models refuse. Pure; each names its source.

Each function takes (protocol, body) and gives the vendor's sentence, or None.
"""

from __future__ import annotations

import re

from pf_tui.drill.wire_refusals import CHAT, MESSAGES, Body, objects


def anthropic(protocol: str, body: Body) -> str | None:
    """Source: API errors quoted in anthropics/claude-code issues; SDK types."""
    if body["max_tokens"] > 128_000:
        return (
            f"max_tokens: {body['max_tokens']} > 128000, which is the maximum allowed number of output tokens"
        )
    for message in body["messages"]:
        for block in message["content"] if isinstance(message["content"], list) else ():
            signature = block.get("signature")
            if block.get("type") == "thinking" and not re.match(r"E[g-v]", str(signature)):
                return "messages.content: Invalid `signature` in `thinking` block"
    thinking = (body.get("thinking") or {}).get("type")
    if "haiku-4-5" in str(body.get("model")):
        if thinking == "adaptive":
            return "adaptive thinking is not supported on this model"
        if "effort" in (body.get("output_config") or {}):
            return "This model does not support the effort parameter."
        if any(message["role"] == "system" for message in body["messages"]):
            return 'messages: Unexpected role "system".'
    elif thinking == "enabled":
        return '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive".'
    choice = (body.get("tool_choice") or {}).get("type")
    if thinking in ("enabled", "adaptive") and choice in ("any", "tool"):
        return "Thinking may not be enabled when tool_choice forces tool use."
    if thinking in ("enabled", "adaptive") and body.get("temperature", 1) != 1:
        return "`temperature` may only be set to 1 when thinking is enabled."
    return None


def claude_cloud(protocol: str, body: Body) -> str | None:
    """Source: litellm 1.110.2's Bedrock, Vertex and Foundry transformations."""
    if sentence := anthropic(protocol, body):
        return sentence
    if any("scope" in (holder.get("cache_control") or {}) for holder in objects(body)):
        return "cache_control.ephemeral.scope: Extra inputs are not permitted"
    if any("eager_input_streaming" in tool for tool in body.get("tools") or ()):
        return "tools.0.custom.eager_input_streaming: Extra inputs are not permitted"
    if any(
        str(holder.get("text") or "").startswith("x-anthropic-billing-header") for holder in objects(body)
    ):
        return "system.0.text: x-anthropic-billing-header is a reserved keyword"
    return None


def openai(protocol: str, body: Body) -> str | None:
    """Source: openai SDK types; GPT-5 and later's error texts in reports."""
    model = str(body.get("model"))
    if protocol == CHAT:
        if re.search(r"gpt-[56]", model) and "max_tokens" in body:
            return "Unsupported parameter: 'max_tokens' is not supported with this model."
        functions = any(tool.get("type") == "function" for tool in body.get("tools") or ())
        if re.search(r"gpt-(5\.[4-9]|6)", model) and functions and body.get("reasoning_effort") != "none":
            return (
                f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions."
            )
    if "thinking" in body or "reasoning_content" in _message_fields(body):
        return "Unknown parameter: 'thinking'."
    for item in body.get("input") or () if isinstance(body.get("input"), list) else ():
        if item.get("type") == "reasoning":
            encrypted = item.get("encrypted_content")
            if encrypted is not None and not str(encrypted).startswith("gAAAA"):
                return "The encrypted content could not be verified."
    return None


def bedrock(protocol: str, body: Body) -> str | None:
    """Source: litellm 1.110.2; BerriAI/litellm#36545, maximhq/bifrost#7039."""
    if protocol == MESSAGES:
        effort = (body.get("output_config") or {}).get("effort")
        model = str(body.get("model"))
        if effort == "max" and any(name in model for name in ("fable-5", "sonnet-5", "haiku-5-5")):
            return "output_config.effort: Input should be 'low', 'medium', 'high' or 'xhigh'"
        return claude_cloud(protocol, body)
    for item in body.get("input") or () if isinstance(body.get("input"), list) else ():
        if item.get("type") in (
            "additional_tools",
            "agent_message",
            "context_compaction",
            "local_shell_call",
        ):
            return "Invalid 'input': value did not match any expected variant"
    for tool in body.get("tools") or ():
        role_names = ("functions", "web", "image_gen", "browser", "python")
        if tool.get("type") == "namespace" and tool.get("name") in role_names:
            return f"The namespace '{tool['name']}' collides with an existing tool namespace"
    return openai(protocol, body)


def _message_fields(body: Body) -> set[str]:
    return {name for message in body.get("messages") or () for name in message}
