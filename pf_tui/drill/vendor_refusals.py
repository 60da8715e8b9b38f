"""What each vendor refuses beside what its protocol does. Pure; each function names its source.

Each takes (protocol, body) and gives the vendor's sentence, or None.
"""

from __future__ import annotations

import re

from pf_tui.drill.wire_refusals import CHAT, MESSAGES, RESPONSES, Body, objects, schemas

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol


def xai(protocol: Protocol, body: Body) -> str | None:
    """Source: xAI Docs (Responses guides); router-for-me/CLIProxyAPI#5257, cline/cline#2764."""
    for tool in body.get("tools") or ():
        for name in ("external_web_access", "search_context_size", "user_location", "search_content_types"):
            if name in tool:
                return f"Argument not supported: {name}"
        if tool.get("type") in ("namespace", "custom", "tool_search", "local_shell", "apply_patch"):
            return f"Unsupported tool type: {tool['type']}"
        schema = tool.get("parameters") or (tool.get("function") or {}).get("parameters") or {}
        rooted = schema.get("type") == "object" and "anyOf" not in schema and "oneOf" not in schema
        if tool.get("type") == "function" and not rooted:
            return "Invalid schema: the root of parameters must be an object"
    if len(body.get("tools") or ()) > 128:
        return "Too many tools: at most 128"
    for name in ("prompt_cache_retention", "safety_identifier", "stop"):
        if name in body:
            return f"Argument not supported: {name}"
    if "presence_penalty" in body or "frequency_penalty" in body:
        return "This model does not support parameter presencePenalty"
    effort = (body.get("reasoning") or {}).get("effort") or body.get("reasoning_effort")
    if effort is not None and effort not in ("low", "medium", "high", "xhigh"):
        return f"This model does not support 'reasoning_effort' value '{effort}'."
    if protocol == RESPONSES:
        if "stream_options" in body:
            return "Argument not supported: stream_options"
        for item in body.get("input") or ():
            if item.get("type") in ("additional_tools", "custom_tool_call", "custom_tool_call_output"):
                return f"Unknown input item type: {item['type']}"
            if item.get("type") == "reasoning" and "content" in item and item["content"] is None:
                return "invalid type: null, expected a sequence"
            if "namespace" in item:
                return "Argument not supported: namespace"
    elif "stream_options" in body:
        return "Argument not supported: stream_options"
    return None


def openrouter(protocol: Protocol, body: Body) -> str | None:
    """Source: openai/codex#12114, #18307, #32318; anthropics/claude-code#44219; OpenRouter's SDK types."""
    if protocol == RESPONSES:
        for item in body.get("input") or ():
            if item.get("type") == "additional_tools" or "namespace" in item:
                return "Invalid Responses API request"
        for tool in body.get("tools") or ():
            if tool.get("type") == "namespace" or "external_web_access" in tool:
                return "Invalid Responses API request"
        if body.get("store") is True or body.get("previous_response_id"):
            return "Invalid Responses API request"
        if "client_metadata" in body:
            return "Invalid Responses API request"
    if protocol == MESSAGES and "claude" not in str(body.get("model")) and "context_management" in body:
        return "No endpoints available that support context_management."
    user = body.get("user") or (body.get("metadata") or {}).get("user_id")
    if isinstance(user, str) and len(user) > 256:
        return "Invalid 'user': string too long. Expected a string with maximum length 256."
    return None


def groq(protocol: Protocol, body: Body) -> str | None:
    """Source: 'OpenAI Compatibility' (GroqDocs), groq SDK types; livekit/agents#1276, karthink/gptel#774."""
    for name in ("logprobs", "top_logprobs", "logit_bias", "metadata", "store", "safety_identifier"):
        if name in body:
            return f"property '{name}' is unsupported"
    if body.get("n", 1) != 1:
        return "'n' must be 1"
    keys = {"role", "content", "tool_calls", "tool_call_id"}
    for index, message in enumerate(body["messages"]):
        if extra := sorted(set(message) - keys):
            return (
                f"'messages.{index}' : for 'role:{message['role']}' the property '{extra[0]}' is unsupported"
            )
        if isinstance(message["content"], list) and message["role"] != "user":
            return f"'messages.{index}.content' : value must be a string"
    if len(body.get("tools") or ()) > 128:
        return "'tools' : maximum number of items is 128"
    if isinstance(body.get("stop"), list) and len(body["stop"]) > 4:
        return "'stop' : maximum number of items is 4"
    effort = body.get("reasoning_effort")
    words = (
        ("none", "default", "low", "medium", "high")
        if "qwen" in str(body["model"])
        else ("low", "medium", "high")
    )
    if effort is not None and effort not in words:
        return f"`reasoning_effort` must be one of {', '.join(words)}"
    most = 16_384 if "qwen" in str(body["model"]) else 65_536
    if max(body.get("max_completion_tokens") or 0, body.get("max_tokens") or 0) > most:
        return f"`max_completion_tokens` must be less than or equal to `{most}`"
    if "reasoning_format" in body and "include_reasoning" in body:
        return "cannot specify both 'reasoning_format' and 'include_reasoning'"
    return None


_MISTRAL_FIELDS = frozenset(
    [
        "model",
        "temperature",
        "top_p",
        "max_tokens",
        "stream",
        "stop",
        "random_seed",
        "metadata",
        "messages",
        "response_format",
        "tools",
        "tool_choice",
        "presence_penalty",
        "frequency_penalty",
        "n",
        "prediction",
        "parallel_tool_calls",
        "prompt_mode",
        "safe_prompt",
        "reasoning_effort",
        "guardrails",
        "prompt_cache_key",
        "service_tier",
    ]
)


def mistral(protocol: Protocol, body: Body) -> str | None:
    """Source: OpenAPI description (additionalProperties: false); charmbracelet/crush#1590."""
    if extra := sorted(set(body) - _MISTRAL_FIELDS):
        return f"extra_forbidden: Extra inputs are not permitted ({extra[0]})"
    before = ""
    for message in body["messages"]:
        role = message["role"]
        allowed = {
            "system": {"role", "content"},
            "user": {"role", "content"},
            "assistant": {"role", "content", "tool_calls", "prefix"},
            "tool": {"role", "content", "tool_call_id", "name"},
        }.get(role)
        if allowed is None:
            return f"Input tag '{role}' found using 'role' does not match any of the expected tags"
        if extra := sorted(set(message) - allowed):
            return f"extra_forbidden: Extra inputs are not permitted (messages.{extra[0]})"
        if role == "user" and before == "tool":
            return "Unexpected role 'user' after role 'tool'"
        if role == "system" and before not in ("", "system"):
            return f"Unexpected role 'system' after role '{before}'"
        for call in message.get("tool_calls") or ():
            if not re.fullmatch(r"[a-zA-Z0-9]{9}", str(call.get("id"))):
                return f"Tool call id was {call.get('id')} but must be a-z, A-Z, 0-9, with a length of 9."
        before = role
    if before == "assistant" and not body["messages"][-1].get("prefix"):
        return "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant"
    if any("$ref" in holder for holder in objects(body.get("tools"))):
        return "Invalid tool schema: $ref is not supported"
    if body.get("reasoning_effort") not in (None, "none", "high"):
        return "Input should be 'none' or 'high'"
    return None


def deepseek(protocol: Protocol, body: Body) -> str | None:
    """Source: 'Thinking Mode', 'Anthropic API' (DeepSeek API Docs) and their quoted errors;
    yubing744/trading-gpt#75, llm-exe/llm-exe#662."""
    off = (body.get("thinking") or {}).get("type") == "disabled"
    effort = body.get("reasoning_effort") or (body.get("output_config") or {}).get("effort")
    if off and effort is not None:
        return "thinking is disabled, reasoning_effort must not be set"
    limit = body.get("max_tokens") or body.get("max_completion_tokens") or 0
    if limit > 393_216:
        return "Invalid max_tokens value, the valid range of max_tokens is [1, 393216]"
    if protocol == MESSAGES:
        for message in body["messages"]:
            blocks = message["content"] if isinstance(message["content"], list) else ()
            kinds = {block.get("type") for block in blocks}
            if "redacted_thinking" in kinds or "document" in kinds:
                return "unsupported content block type"
            if not off and "tool_use" in kinds and "thinking" not in kinds:
                return "The `content[].thinking` in the thinking mode must be passed back to the API."
        return None
    for tool in body.get("tools") or ():
        if tool.get("type") != "function":
            return f"unknown variant `{tool.get('type')}`, expected `function`"
    for message in body.get("messages") or ():
        if message["role"] == "developer":
            return "unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`"
        calls = message["role"] == "assistant" and message.get("tool_calls")
        if calls and not off and not message.get("reasoning_content"):
            return "The `reasoning_content` in the thinking mode must be passed back to the API."
    form = (body.get("response_format") or {}).get("type")
    if form == "json_schema":
        return "This response_format type is unavailable now"
    if form == "json_object" and "json" not in str(body.get("messages")).lower():
        return (
            "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'."
        )
    if len(body.get("tools") or ()) > 128:
        return "Too many tools: at most 128"
    return None


_GEMINI_FIELDS = frozenset(
    [
        "model",
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "n",
        "stop",
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
        "response_format",
        "reasoning_effort",
        "extra_body",
        "modalities",
        "audio",
        "service_tier",
    ]
)
_GEMINI_REFUSED = frozenset(
    ("const", "$schema", "$id", "exclusiveMinimum", "exclusiveMaximum", "propertyNames", "patternProperties")
)


def gemini(protocol: Protocol, body: Body) -> str | None:
    """Source: jackmpcollins/magentic#382, smarter-sh/smarter#537, decolua/9router#3816 (quoted answers),
    'Thought signatures'; OpenCode's transform.ts."""
    if extra := sorted(set(body) - _GEMINI_FIELDS):
        return f'Invalid JSON payload received. Unknown name "{extra[0]}": Cannot find field.'
    names: set[str] = set()
    for tool in body.get("tools") or ():
        function = tool.get("function") or {}
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}", str(function.get("name"))):
            return "Invalid function name. Must start with a letter or an underscore."
        if "strict" in function:
            return 'Invalid JSON payload received. Unknown name "strict": Cannot find field.'
        if function["name"] in names:
            return f"Duplicate function declaration found: {function['name']}"
        names.add(function["name"])
        if sentence := _gemini_schema(function.get("parameters") or {}):
            return sentence
    for message in body["messages"]:
        if message["role"] == "developer":
            return "Please use a valid role: system, user, assistant, tool."
        if message["role"] == "tool" and not message.get("name"):
            return "function_response.name: Name cannot be empty."
        for call in (message.get("tool_calls") or ())[:1]:
            google = (call.get("extra_content") or {}).get("google") or {}
            if "gemini-3" in str(body["model"]) and not google.get("thought_signature"):
                return "Function call is missing a thought_signature in functionCall parts."
    if body["messages"][-1]["role"] == "assistant":
        return "Requests ending with a model turn are not supported"
    if isinstance(body.get("stop"), list) and len(body["stop"]) > 5:
        return "The GenerateContentRequest proto is invalid: stop_sequences: At most 5 can be specified."
    effort = body.get("reasoning_effort")
    if effort not in (None, "none", "minimal", "low", "medium", "high"):
        return f"Invalid value at 'reasoning_effort': {effort}"
    if (body.get("max_tokens") or body.get("max_completion_tokens") or 0) > 65_536:
        return "max_output_tokens must be in the range [1, 65537)"
    return None


def _gemini_schema(schema: Body) -> str | None:
    for holder in schemas(schema):
        if unknown_fields := sorted(_GEMINI_REFUSED & set(holder)):
            return f'Invalid JSON payload received. Unknown name "{unknown_fields[0]}": Cannot find field.'
        if isinstance(holder.get("type"), list):
            return "Invalid value at 'parameters.properties.type': Proto field is not repeating."
        if any(not isinstance(value, str) for value in holder.get("enum") or ()):
            return "parameters.properties.enum: only allowed for STRING type"
        if unknown := set(holder.get("required") or ()) - set(
            holder.get("properties") or holder.get("required") or ()
        ):
            return f"parameters.required[0]: property is not defined: {min(unknown)}"
        if holder.get("type") == "array" and not holder.get("items"):
            return "parameters.properties.items: missing field."
    return None


_COHERE_REFUSED = frozenset(
    [
        "store",
        "metadata",
        "logit_bias",
        "top_logprobs",
        "n",
        "modalities",
        "prediction",
        "audio",
        "service_tier",
        "parallel_tool_calls",
        "user",
        "stream_options",
        "prompt_cache_key",
    ]
)
"""Listed by Cohere as unsupported, or not listed at all."""


def cohere(protocol: Protocol, body: Body) -> str | None:
    """Source: 'Using Cohere models via the OpenAI SDK' (unsupported parameters); agno-agi/agno#3503."""
    for name in _COHERE_REFUSED:
        if name in body:
            return f"unknown field: parameter '{name}' is not a valid field"
    if any("strict" in (tool.get("function") or {}) for tool in body.get("tools") or ()):
        return "unknown field: parameter 'strict' is not a valid field"
    if body.get("tool_choice", "required") not in ("required", "none"):
        return "invalid tool_choice: must be one of REQUIRED, NONE"
    if any(message["role"] == "developer" for message in body["messages"]):
        return "invalid role in message"
    if body.get("reasoning_effort") not in (None, "none", "high"):
        return "invalid reasoning_effort: must be one of none, high"
    return None


_TOGETHER_FIELDS = frozenset(
    [
        "model",
        "messages",
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "stop",
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
        "response_format",
        "reasoning_effort",
        "reasoning",
        "seed",
        "n",
        "logprobs",
        "logit_bias",
        "presence_penalty",
        "frequency_penalty",
        "repetition_penalty",
        "min_p",
        "echo",
        "chat_template_kwargs",
        "safety_model",
        "function_call",
        "context_length_exceeded_behavior",
        "compliance",
    ]
)
"""Parameters of the SDK's chat.completions.create."""


def together(protocol: Protocol, body: Body) -> str | None:
    """Source: together SDK 3.1.1 types; togetherlink 0.8.7."""
    if protocol != CHAT:
        return None
    if extra := sorted(set(body) - _TOGETHER_FIELDS):
        return f"Unrecognized request argument supplied: {extra[0]}"
    if any(message["role"] == "developer" for message in body["messages"]):
        return "Input validation error: role must be one of system, user, assistant, tool"
    return None


def zai(protocol: Protocol, body: Body) -> str | None:
    """Source: 'Chat Completion', 'API code' (docs.z.ai); litellm 1.110.2."""
    if (body.get("max_tokens") or 0) > 131_072:
        return "max_tokens: must be less than or equal to 131072"
    if protocol != CHAT:
        return None
    if body.get("tool_choice", "auto") != "auto":
        return "tool_choice: only auto is supported"
    if any("strict" in (tool.get("function") or {}) for tool in body.get("tools") or ()):
        return "tools.function.strict: unknown parameter"
    for name in ("presence_penalty", "frequency_penalty", "parallel_tool_calls", "store"):
        if name in body:
            return f"{name}: unknown parameter"
    if any(message["role"] == "developer" or "name" in message for message in body["messages"]):
        return "messages: parameter illegal"
    if (body.get("response_format") or {}).get("type") == "json_schema":
        return "response_format: only text and json_object are supported"
    return None
