"""What providers write when they fail: real wordings of every vendor, and how they are read.

The wordings are those of public reports and documentation; the shipped table must read them all.
"""

# ruff: noqa: E501 - wordings stay on one line, as they came

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import catalog
from pf_tui.rules import error_body
from pf_tui.rules.failures import CLASSES, Failure, classify, classify_agent_error
from pf_tui.rules.repairs import Repair
from tests.examples import examples

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MEANINGS = catalog.load().meanings


def read(status: int | None, body: Any, headers: dict[str, str] | None = None, **more: Any) -> Failure:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return classify(status=status, body=text, headers=headers, now=NOW, meanings=MEANINGS, **more)


def an(message: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    """Anthropic's shape."""
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def oa(
    message: str, code: str | None = None, kind: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def go(status: int, message: str, word: str = "INVALID_ARGUMENT", reason: str = "") -> list[dict[str, Any]]:
    """Google's shape on its OpenAI-compatible address: a list."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    return [{"error": {"code": status, "message": message, "status": word, "details": details}}]


def lite(message: str, code: str, kind: str | None = None) -> dict[str, Any]:
    """LiteLLM's shape."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


REQUEST = [
    (403, oa("openai/gpt-6 requires moderation on OpenAI. Your input was flagged for \"violence\"", "403")),
    (400, oa("The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", "content_filter")),
    (400, oa("Your request was rejected as a result of our safety system.", "content_policy_violation")),
    (400, oa("This content may violate our usage policies.", "invalid_prompt")),
    (400, an("Output blocked by content filtering policy")),
    (400, {"error": {"code": "data_inspection_failed", "message": "Input data may contain inappropriate content."}}),
    (400, oa("Content Exists Risk", "invalid_request_error")),
    (400, {"error": {"code": "1301", "message": "System detected potentially unsafe or sensitive content"}}),
    (446, {"error": {"message": "The guardrail checks failed", "type": "hooks_failed"}, "hook_results": {}}),
    (400, an("messages: at least one message is required")),
    (400, an("messages.4.content.0.tool_use_id: unexpected `tool_use_id` found in `tool_result` blocks")),
    (400, oa("Invalid value: 'foo'. Supported values are: 'system', 'user'.", "invalid_value", "invalid_request_error", "messages[0].role")),
    (400, oa("We could not parse the JSON body of your request.", None, "invalid_request_error")),
    (422, {"detail": [{"loc": ["body", "messages"], "msg": "field required", "type": "value_error.missing"}]}),
]  # fmt: skip

UNSUPPORTED = [
    (400, an("Unexpected value(s) `interleaved-thinking-2025-05-14` for the `anthropic-beta` header.")),
    (400, {"message": "invalid beta flag"}),
    (400, an("The long context beta is not yet available for this subscription.")),
    (400, an("tools.0.custom.eager_input_streaming: Extra inputs are not permitted")),
    (400, oa("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "unsupported_parameter", "invalid_request_error", "max_tokens")),
    (400, oa("Unsupported value: 'temperature' does not support 0.2 with this model.", "unsupported_value", "invalid_request_error", "temperature")),
    (400, oa("Unknown parameter: 'reasoning_split'.", "unknown_parameter", "invalid_request_error", "reasoning_split")),
    (400, oa("Unrecognized request argument supplied: store", None, "invalid_request_error")),
    (400, go(400, 'Invalid JSON payload received. Unknown name "store": Cannot find field.')),
    (422, {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted", "input": {}}]}, "type": "invalid_request_message_error", "code": None}),
    (400, {"code": "Client specified an invalid argument", "error": "Argument not supported: stop"}),
    (400, oa("property 'messages.0.reasoning_content' is unsupported", None, "invalid_request_error")),
    (400, an("messages.1.content.0: Invalid `signature` in `thinking` block")),
    (400, {"error": {"code": 400, "message": json.dumps(an("messages.3.content.8: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.")), "status": "INVALID_ARGUMENT"}}),
    (400, an("messages.129.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`.")),
    (400, go(400, "Function call is missing a thought_signature in functionCall parts.")),
    (400, oa("The encrypted content gAAA could not be verified.", "invalid_encrypted_content")),
    (400, oa("The `reasoning_content` in the thinking mode must be passed back to the API.", "invalid_request_error")),
    (404, oa("No endpoints found that support tool use. To learn more about provider routing, visit:", "404")),
    (404, oa("No endpoints found that support image input", "404")),
    (400, {"error": "registry.ollama.ai/library/gemma does not support tools"}),
    (400, oa("Failed to call a function. Please adjust your prompt.", "tool_use_failed", "invalid_request_error")),
    (400, {"message": "This model does not support assistant message prefill. The conversation must end with a user message."}),
    (400, {"detail": "Stream must be set to true"}),
    (413, an("Request exceeds the maximum size", "request_too_large")),
    (400, oa("Invalid 'tools': array too long. Expected an array with maximum length 128", "array_above_max_length", "invalid_request_error", "tools")),
]  # fmt: skip

CREDIT = [
    (400, an("Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing")),
    (402, oa("This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 0.", "402")),
    (402, oa("Insufficient credits. Add more using https://openrouter.ai/settings/credits", "402")),
    (403, oa("Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys", "403")),
    (402, oa("Insufficient Balance", "invalid_request_error", "unknown_error")),
    (429, "Your team 16f2151a has either used all available credits or reached its monthly spending limit."),
    (403, {"code": "personal-team-blocked:spending-limit", "error": "You have run out of credits or need a Grok subscription."}),
    (403, {"code": "The caller does not have permission", "error": "Your newly created team doesn't have any credits or licenses yet."}),
    (403, {"error": {"message": "Your account xx is not active, organization exceeded current quota, please check your plan and billing details", "type": "exceeded_current_quota_error"}}),
    (429, {"error": {"message": "Your account org-1 <ak-2> is suspended due to insufficient balance, please recharge your account", "type": "exceeded_current_quota_error"}}),
    (500, an("insufficient balance (1008)", "api_error")),
    (429, {"error": {"http_code": "429", "message": "insufficient balance (1008)", "type": "insufficient_balance_error"}}),
    (403, oa("预扣费额度失败, 用户剩余额度: ¥0.230000, 需要预扣费额度: ¥0.290000", "insufficient_user_quota", "new_api_error")),
    (403, {"error": {"message": "user quota is not enough", "type": "one_api_error", "code": "insufficient_user_quota"}}),
    (429, {"error": {"code": "1113", "message": "余额不足或无可用资源包,请充值。"}}),
    (400, {"code": "Arrearage", "message": "Access denied, please make sure your account is in good standing."}),
    (403, {"error": {"code": "AccountOverdueError", "message": "The request failed because your account has an overdue balance."}}),
    (402, {"type": "server_error", "message": "Upstream request failed: Insufficient account funds"}),
    (429, oa("Your account is not active, please check your billing details on our website.", "billing_not_active")),
    (429, oa("Billing hard limit has been reached", "billing_hard_limit_reached")),
    (429, {"error": {"type": "usage_not_included", "message": "To use Codex with your ChatGPT plan, upgrade to Plus"}}),
    (403, go(403, "This API method requires billing to be enabled.", "PERMISSION_DENIED", "BILLING_DISABLED")),
    (429, {"error": {"code": "1309", "message": "您的套餐已到期"}}),
    (429, {"error": {"message": "Error from provider: Provider returned error", "code": 429, "metadata": {"raw": json.dumps({"error": {"message": "Your account is suspended due to insufficient balance, please recharge"}})}}}),
    (401, {"type": "error", "error": {"type": "CreditsError", "message": "No payment method. Add a payment method here"}}),
]  # fmt: skip

QUOTA = [  # status, body, scope, seconds (None: more than a minute)
    (429, {"error": {"code": "1310", "message": "Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-11-30 20:00:00"}}, "provider", 6 * 86400),
    (429, {"error": {"code": "1308", "message": "已达到 5 小时的使用上限。您的限额将在 2026-11-24 21:41:44 重置。"}}, "provider", 6104),
    (429, {"error": {"code": "1316", "message": "Usage limit reached. Resets at 2026-11-24T15:00:00Z"}}, "provider", 10800),
    (429, an("usage limit exceeded, 5-hour usage limit reached for Token Plan Starter (0/0 used), resets at 2026-11-24T15:00:00Z (2056)", "rate_limit_error"), "provider", 10800),
    (403, {"error": {"message": "You've reached your 5-hour usage limit. Resets in 2h 10m.", "type": "provider.auth_error"}}, "provider", 7800),
    (429, {"error": {"type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "plus", "resets_in_seconds": 5400}}, "provider", 5400),
    (429, {"detail": {"code": "usage_limit_reached", "resets_at": int((NOW + timedelta(hours=2)).timestamp())}}, "provider", 7200),
    (429, {"type": "error", "error": {"type": "GoUsageLimitError", "message": "Weekly usage limit reached. Resets in 2d."}}, "provider", 172800),
    (429, {"type": "error", "error": {"type": "FreeUsageLimitError", "message": "Rate limit exceeded. Please try again later."}, "metadata": {}}, "provider", None),
    (402, {"error": {"message": "You have no quota", "code": "quota_exceeded"}}, "provider", None),
    (422, lite("ExceededBudget: Key=sk-1 over budget. Spend=5.02, Budget=5.0", "422", "budget_exceeded"), "provider", None),
    (400, lite("Budget has been exceeded! Current cost: 5.0, Max budget: 5.0", "400", "budget_exceeded"), "provider", None),
    (429, oa("You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", "insufficient_quota"), "provider", None),
    (400, an("You have reached your specified workspace API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."), "provider", 561600),
    (429, oa("Rate limit reached for model `llama-3.3-70b-versatile` in organization `o` on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. Please try again in 9m38.016s.", "rate_limit_exceeded", "tokens"), "model", 578.016),
    (429, {"error": {"message": "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day", "code": 429}}, "model", None),
    (429, {"message": "Too many tokens per day, please wait before trying again."}, "model", None),
    (429, oa("You have exceeded your monthly included credits for Inference Providers."), "provider", None),
    (429, {"errors": [{"message": "you have used up your daily free allocation of 10,000 neurons", "code": 4006}]}, "provider", 43200),
    (429, an("You have reached your session usage limit, please upgrade for continued usage", "rate_limit_error"), "provider", None),
    (429, {"code": "Throttling.AllocationQuota", "message": "Allocated quota exceeded, please increase your quota limit."}, "provider", None),
    (503, go(503, "You have exhausted your capacity on this model. Your quota will reset after 15h57m40s.", "RESOURCE_EXHAUSTED", "QUOTA_EXHAUSTED"), "model", 57460),
    (500, lite("litellm.RateLimitError: AnthropicException - " + json.dumps(an("You have hit your weekly limit · resets Nov 26, 9am (UTC)", "rate_limit_error")), "500"), "provider", 162000),
    (429, an("You've hit your Opus limit · resets Nov 26, 9am (UTC)", "rate_limit_error"), "family", 162000),
]  # fmt: skip

RATE = [  # status, body, headers, scope, seconds
    (429, an("Number of request tokens has exceeded your per-minute rate limit", "rate_limit_error"), {"retry-after": "17"}, "model", 17),
    (429, oa("Rate limit reached for gpt-6 in organization org-1 on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s.", "rate_limit_exceeded", "tokens"), {}, "model", 2),
    (429, {"error": {"code": "429", "message": "Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 43 seconds."}}, {}, "model", 43),
    (429, {"message": "Too many tokens, please wait before trying again."}, {"x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/"}, "model", 2),
    (400, {"__type": "ThrottlingException", "message": "Rate exceeded"}, {}, "model", 2),
    (429, {"error": {"message": "Your account request reached max request: 3, please try again after 1 seconds", "type": "rate_limit_reached_error"}}, {}, "model", 1),
    (429, {"error": {"type": "rate_limit_reached_error", "message": "request reached project TPM rate limit, current: 1410, limit: 100"}}, {}, "model", 2),
    (429, {"error": {"code": "1302", "message": "High concurrency usage of this API"}}, {}, "model", 2),
    (429, {"message": "Requests rate limit exceeded", "object": "error", "type": "rate_limited", "code": "1300x"}, {}, "model", 2),
    (429, {"message": "Tokens per minute limit exceeded - too many tokens processed.", "type": "too_many_tokens_error", "code": "token_quota_exceeded"}, {}, "model", 2),
    (403, {"message": "You have exceeded a secondary rate limit."}, {}, "provider", 60),
    (403, "forbidden", {"retry-after": "90"}, "provider", 90),
    (429, lite("No deployments available for selected model, Try again in 5 seconds. Passed model=x. cooldown_list=['a']", "429"), {}, "model", 5),
    (429, lite("Rate limit exceeded for api_key: 1. Limit type: requests. Current limit: 2, Remaining: 0. Limit resets at: 2026-11-24 12:00:40 UTC", "429"), {}, "model", 40),
    (500, lite("litellm.RateLimitError: RateLimitError: OpenAIException - Rate limit reached. Please try again in 20s.", "500"), {}, "model", 20),
    (429, {"message": "Sorry, you have exceeded your Copilot token usage.", "code": "rate_limited"}, {"retry-after": "300"}, "provider", 300),
    (429, {"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "deepseek/x is temporarily rate-limited upstream. Please retry shortly"}}}, {}, "model", 2),
    (429, go(429, "Resource has been exhausted (e.g. check quota).", "RESOURCE_EXHAUSTED"), {}, "model", 2),
    (429, "Too Many Requests", {"retry-after": "Tue, 24 Nov 2026 12:00:30 +0000"}, "model", 30),
    (None, {"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}}, {}, "model", 2),
    (413, oa("Request too large for model `x` in organization `o` service tier `on_demand` on tokens per minute (TPM): Limit 8000, Requested 32979", "rate_limit_exceeded", "tokens"), {"retry-after": "1"}, None, None),
    (429, {"message": "Requests rate limit exceeded", "type": "rate_limited", "code": "1300"}, {}, "model", 2),
    (429, {"message": "too many requests, slow down", "code": 1027}, {}, "model", 2),
    (429, {"message": "balance service: rate limit exceeded", "code": 1008}, {}, "model", 2),
]  # fmt: skip

MODEL = [
    (403, oa("Project `proj_1` does not have access to model `gpt-6.1-sol`", "model_not_found", "invalid_request_error")),
    (404, oa("The model `gpt-9` does not exist or you do not have access to it.", "model_not_found", "invalid_request_error")),
    (404, an("model: claude-opus-9", "not_found_error")),
    (404, oa("No endpoints found matching your data policy. Configure: https://openrouter.ai/settings/privacy", "404")),
    (404, oa("No allowed providers are available for the selected model.", "404")),
    (400, oa("x/y is not a valid model ID", "400")),
    (400, lite("/chat/completions: Invalid model name passed in model=X. Call `/v1/models` to view available models for your key.", "400")),
    (403, lite("key not allowed to access model. This key can only access models=['a']. Tried to access b", "403", "key_model_access_denied")),
    (401, lite("Team not allowed to access model. Team=1", "401", "team_model_access_denied")),
    (400, oa("The model `llama-2` has been decommissioned and is no longer supported.", "model_decommissioned")),
    (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}}),
    (400, {"message": "Invocation of model ID anthropic.claude-x with on-demand throughput isn\u2019t supported. Retry your request with the ID or ARN of an inference profile"}),
    (403, {"message": "You don't have access to the model with the specified model ID."}),
    (400, {"message": "The provided model identifier is invalid."}),
    (404, go(404, "models/gemini-9 is not found for API version v1beta, or is not supported for generateContent.", "NOT_FOUND")),
    (404, go(404, "Publisher Model `projects/p/locations/l/publishers/anthropic/models/x` was not found or your project does not have access to it.", "NOT_FOUND")),
    (400, go(400, "Project `p` is not allowed to use Publisher Model `projects/p/x`", "FAILED_PRECONDITION")),
    (404, {"error": {"message": "model \"llama9\" not found, try pulling it first", "type": "not_found_error"}}),
    (400, {"error": {"message": "The requested model is not supported.", "code": "model_not_supported", "type": "invalid_request_error"}}),
    (400, {"error": {"code": "1211", "message": "Unknown Model, please check the model code."}}),
    (429, {"error": {"code": "1311", "message": "The current subscription plan does not yet include access to GLM-5"}}),
    (503, oa("No available channel for model gpt-6 under group default (distributor)", "model_not_found", "new_api_error")),
    (400, {"detail": "The 'gpt-6-codex' model is not supported when using Codex with a ChatGPT account."}),
    (429, go(429, "Quota exceeded for metric: generate_content_free_tier_requests, limit: 0, model: gemini-3-pro", "RESOURCE_EXHAUSTED")),
    (410, ""),
]  # fmt: skip

CONTEXT = [
    (400, an("prompt is too long: 210000 tokens > 200000 maximum")),
    (400, an("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000")),
    (400, oa("Your input exceeds the context window of this model.", "context_length_exceeded")),
    (400, oa("This endpoint's maximum context length is 131072 tokens. However, you requested about 200000 tokens", "400")),
    (400, {"message": "Input is too long for requested model."}),
    (400, go(400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).")),
    (400, {"code": "x", "error": "This model's maximum prompt length is 131072 but the request contains 200000 tokens."}),
    (413, oa("Please reduce the length of the messages or completion.", "context_length_exceeded")),
    (400, {"error": {"code": "1261", "message": "Prompt exceeds max length"}}),
    (400, oa("Invalid request: Your request exceeded model token limit: 262144", None, "invalid_request_error")),
    (400, {"message": "too many tokens: total tokens in the prompt cannot exceed 4081"}),
    (400, {"error": {"code": 400, "message": "the request exceeds the available context size, try increasing it", "type": "exceed_context_size_error"}}),
    (400, an("invalid params, context window exceeds limit (2013)")),
    (500, lite("litellm.ContextWindowExceededError: AnthropicException - " + json.dumps(an("prompt is too long: 210000 tokens > 200000 maximum")), "500")),
    (400, {"error": {"message": "prompt token count of 150000 exceeds the limit of 128000", "code": "model_max_prompt_tokens_exceeded"}}),
]  # fmt: skip

AUTH = [
    (401, an("invalid x-api-key", "authentication_error")),
    (401, an("OAuth token has expired. Please obtain a new token or refresh your existing token.", "authentication_error")),
    (401, oa("Incorrect API key provided: sk-abc***. You can find your API key at", "invalid_api_key")),
    (400, go(400, "API key expired. Please renew the API key.", "INVALID_ARGUMENT", "API_KEY_INVALID")),
    (401, go(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED")),
    (401, oa("No auth credentials found", "401")),
    (401, oa("User not found.", "401")),
    (400, lite("No connected db.", "400", "no_db_connection")),
    (403, {"message": "The security token included in the request is expired"}),
    (403, {"message": "User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:InvokeModel on resource: y because no identity-based policy allows"}),
    (401, {"error": {"code": "401", "message": "Access denied due to invalid subscription key or wrong API endpoint."}}),
    (401, "unauthorized: token expired\n"),
    (403, go(403, "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform' (or it may not exist).", "PERMISSION_DENIED", "IAM_PERMISSION_DENIED")),
    (401, {"error": {"message": "身份验证失败", "code": "1000"}}),
    (401, {"error": {"message": "无效的令牌", "type": "new_api_error"}}),
    (403, an("Your API key does not have permission to use the specified resource", "permission_error")),
    (400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***."}),
    (401, ""),
]  # fmt: skip

ACCOUNT = [
    (400, an("This organization has been disabled.")),
    (403, an("Your organization has disabled Claude subscription access for Claude Code", "permission_error")),
    (400, go(400, "User location is not supported for the API use.", "FAILED_PRECONDITION")),
    (403, oa("Country, region, or territory not supported", "unsupported_country_region_territory")),
    (403, {"code": "403", "message": "A Virtual Network is configured for this resource. Please use the correct endpoint"}),
    (403, go(403, "Vertex AI API has not been used in project 1 before or it is disabled.", "PERMISSION_DENIED", "SERVICE_DISABLED")),
    (403, go(403, "Consumer 'api_key:x' has been suspended.", "PERMISSION_DENIED", "CONSUMER_SUSPENDED")),
    (403, {"error": {"message": "Kimi For Coding is currently only available for Coding Agents", "type": "access_terminated_error"}}),
    (429, {"error": {"code": "1112", "message": "Your account has been locked"}}),
    (400, oa("Your organization must be enrolled for this endpoint")),
    (451, "unavailable for legal reasons"),
]  # fmt: skip

OVERLOAD = [
    (529, an("Overloaded", "overloaded_error")),
    (503, go(503, "The model is overloaded. Please try again later.", "UNAVAILABLE")),
    (500, an("Overloaded", "api_error")),
    (429, {"error": {"message": "The engine is currently overloaded, please try again later", "type": "engine_overloaded_error"}}),
    (200, {"error": {"code": "1305", "message": "The service may be temporarily overloaded"}}),
    (429, {"error": {"message": "当前分组上游负载已饱和，请稍后再试", "type": "insufficient_quota", "code": "insufficient_quota"}}),
    (None, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    (None, {"type": "response.failed", "response": {"error": {"code": "server_is_overloaded", "message": "Our servers are currently overloaded."}}}),
    (429, {"message": "Model is not ready for inference. Please wait"}),
    (503, {"message": "Service Unavailable"}),
    (498, oa("Flex tier capacity exceeded", "capacity_exceeded")),
]  # fmt: skip

SERVER = [
    (500, an("Internal server error", "api_error")),
    (502, "<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"),
    (520, "<html>520</html>"),
    (524, "error code: 524"),
    (403, "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"),
    (403, "<html><title>Attention Required! | Cloudflare</title>Sorry, you have been blocked</html>"),
    (401, "<html><body>Hotspot login</body></html>"),
    (511, "<html>Network Authentication Required</html>"),
    (302, ""),
    (407, "<html>Proxy Authentication Required</html>"),
    (424, {"message": "The model returned the following errors: null", "originalStatusCode": 500}),
    (None, {"error": {"message": "Provider returned error", "code": 502}, "choices": [{"delta": {}, "finish_reason": "error"}]}),
    (None, {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "An error occurred while processing your request."}}}),
    (500, oa("bad response status code 500", "bad_response_status_code", "upstream_error")),
]  # fmt: skip

ADDRESS = [
    (404, "<html><head><title>404 Not Found</title></head><body>nginx</body></html>"),
    (404, "404 page not found"),
    (404, {"detail": "Not Found"}),
    (404, {"message": "no Route matched with those values"}),
    (404, oa("Invalid URL (POST /v1/v1/chat/completions)", None, "invalid_request_error")),
    (404, oa("Unknown request URL: POST /openai/messages. Please check the URL for typos", "unknown_url")),
    (404, "Cannot POST /anthropic/v1/v1/messages"),
    (405, {"detail": "Method Not Allowed"}),
]  # fmt: skip

GROUPS = {
    "request": REQUEST,
    "unsupported": UNSUPPORTED,
    "model": MODEL,
    "context": CONTEXT,
    "auth": AUTH,
    "account": ACCOUNT,
    "overload": OVERLOAD,
    "server": SERVER,
    "address": ADDRESS,
}


def _cases() -> list[Any]:
    return [
        pytest.param(status, body, kind, id=f"{kind}-{place}")
        for kind, group in GROUPS.items()
        for place, (status, body) in enumerate(group)
    ]


def test_the_table_is_tried_with_at_least_150_wordings() -> None:
    assert sum(map(len, GROUPS.values())) + len(CREDIT) + len(QUOTA) + len(RATE) >= 150


@pytest.mark.parametrize(("status", "body", "kind"), _cases())
def test_a_wording_has_its_class(status: int | None, body: Any, kind: str) -> None:
    failure = read(status, body)

    assert failure.kind == kind, failure
    assert failure.failover == CLASSES[kind].failover


@pytest.mark.parametrize(
    ("status", "body"), [pytest.param(*case, id=f"credit-{i}") for i, case in enumerate(CREDIT)]
)
def test_money_rests_the_provider_until_somebody_pays(status: int, body: Any) -> None:
    failure = read(status, body)

    assert (failure.kind, failure.scope, failure.forever) == ("quota", "provider", True), failure


@pytest.mark.parametrize(
    ("status", "body", "scope", "rest_s"),
    [pytest.param(*case, id=f"quota-{i}") for i, case in enumerate(QUOTA)],
)
def test_a_quota_rests_what_it_covers_until_its_reset(
    status: int, body: Any, scope: str, rest_s: float | None
) -> None:
    failure = read(status, body, model="claude-opus-5-5")

    assert (failure.kind, failure.scope) == ("quota", scope), failure
    assert failure.until is not None
    rest = failure.until - NOW
    assert rest == timedelta(seconds=rest_s) if rest_s else rest > timedelta(minutes=1)


@pytest.mark.parametrize(
    ("status", "body", "headers", "scope", "rest_s"),
    [pytest.param(*case, id=f"rate-{i}") for i, case in enumerate(RATE)],
)
def test_a_rate_limit_rests_for_as_long_as_it_says(
    status: int | None, body: Any, headers: dict[str, str], scope: str | None, rest_s: float | None
) -> None:
    failure = read(status, body, headers)

    assert failure.kind in ("rate", "windowless"), failure
    assert failure.failover
    assert failure.scope == scope
    assert failure.until == (None if rest_s is None else NOW + timedelta(seconds=rest_s))


@pytest.mark.parametrize(
    ("body", "repair"),
    [
        (UNSUPPORTED[0][1], Repair(kind="beta", names=("interleaved-thinking-2025-05-14",))),
        (UNSUPPORTED[3][1], Repair(kind="field", names=("tools.0.custom.eager_input_streaming",))),
        (UNSUPPORTED[4][1], Repair(kind="field", names=("max_tokens",))),
        (UNSUPPORTED[7][1], Repair(kind="field", names=("store",))),
        (UNSUPPORTED[8][1], Repair(kind="field", names=("store",))),
        (UNSUPPORTED[9][1], Repair(kind="field", names=("stream_options",))),
        (UNSUPPORTED[10][1], Repair(kind="field", names=("stop",))),
        (UNSUPPORTED[12][1], Repair(kind="thinking")),
        (UNSUPPORTED[13][1], Repair(kind="thinking")),
    ],
)
def test_what_a_vendor_does_not_take_is_named(body: Any, repair: Repair) -> None:
    assert read(400, body).repair == repair


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (QUOTA[22][1], "You have hit your weekly limit · resets Nov 26, 9am (UTC)"),
        (CREDIT[23][1], "Your account is suspended due to insufficient balance, please recharge"),
        (RATE[14][1], "Rate limit reached. Please try again in 20s."),
        (json.dumps(json.dumps(an("twice encoded"))), "twice encoded"),
        ("event: error\ndata: " + json.dumps(an("in an event")) + "\n\n", "in an event"),
        ('{"error": {"message": "cut in the mid', "cut in the mid"),
        ("Error code: 429 - {'error': {'message': 'printed by Python', 'code': None}}", "printed by Python"),
        ({"error": {"error": {"message": "nested", "code": 402}, "code": 402}}, "nested"),
    ],
)
def test_the_innermost_sentence_is_shown(body: Any, sentence: str) -> None:
    assert read(400, body).message == sentence


def test_a_body_cut_by_a_limit_is_still_read() -> None:
    whole = json.dumps({"error": {"code": "insufficient_user_quota", "message": "x" * 100_000}})

    assert read(403, whole[:65_536]).kind == "quota"


def test_a_prompt_quoted_in_the_body_says_nothing() -> None:
    body = {"error": {"message": "Your input was flagged", "metadata": {"flagged_input": "invalid api key"}}}

    assert read(403, body).kind == "request"


def test_only_the_family_rests_when_only_its_window_is_rejected() -> None:
    headers = {
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-7d-status": "allowed",
        "anthropic-ratelimit-unified-7d_oi-status": "rejected",
        "anthropic-ratelimit-unified-7d_oi-reset": str(int((NOW + timedelta(days=2)).timestamp())),
    }

    failure = read(429, an("x", "rate_limit_error"), headers, model="claude-fable-5-2")

    assert (failure.scope, failure.family, failure.until) == ("family", "fable", NOW + timedelta(days=2))


def test_a_daily_quota_of_a_model_names_a_short_wait() -> None:
    body = go(429, "Quota exceeded", "RESOURCE_EXHAUSTED")
    body[0]["error"]["details"] = [
        {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "30s"},
    ]

    assert read(429, body).scope == "model"
    assert read(429, body).until == NOW + timedelta(seconds=30)


@pytest.mark.parametrize("status", [503, 529, 500, 502])
def test_overload_is_believed_for_minutes_only(status: int) -> None:
    until = read(status, an("Overloaded", "overloaded_error"), {"retry-after": "86400"}).until

    assert until is not None
    assert until - NOW <= timedelta(minutes=5)


@pytest.mark.parametrize(
    ("word", "text", "kind", "scope"),
    [
        ("rate_limit", "You've hit your session limit · resets 3pm (UTC)", "quota", "provider"),
        ("rate_limit", "You've hit your Opus limit · resets Nov 26, 9am (UTC)", "quota", "family"),
        ("rate_limit", "You've hit your Sonnet weekly limit", "quota", "family"),
        ("rate_limit", "You've hit your monthly spend limit", "quota", "provider"),
        ("rate_limit", "Fast limit reached · fast mode paused", "request", None),
        ("rate_limit", "Concurrent subagent limit reached", "request", None),
        ("unknown", "Context limit reached · /compact to continue", "context", None),
        ("billing_error", "Credit balance is too low", "quota", "provider"),
    ],
)
def test_an_agents_own_words_for_a_limit(word: str, text: str, kind: str, scope: str | None) -> None:
    failure = classify_agent_error(word, text, NOW, meanings=MEANINGS)

    assert (failure.kind, failure.scope) == (kind, scope)


CLAUDE_ON_A_PAGE = (
    "API Error: API returned an empty or malformed response (HTTP 200) — check for a proxy or gateway"
    " intercepting the request. Response: content-type html, body is an HTML page, 94 bytes, request-id"
    " absent, server other. This was the non-streaming retry of streaming request (no Anthropic request-id),"
    " which failed with: no_events, StreamNoEventsError; 0 stream events received."
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(CLAUDE_ON_A_PAGE, id="claude-code-2.1.332"),
        pytest.param("JSON parsing failed: Text: <!DOCTYPE html><html>Sign in</html>.", id="ai-sdk"),
        pytest.param("Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON", id="node"),
        pytest.param("<!doctype html><title>Hotel Wi-Fi</title>", id="the-page-itself"),
    ],
)
def test_a_web_page_that_an_agent_met_in_place_of_an_answer_rests_a_minute(text: str) -> None:
    failure = classify_agent_error("unknown", text, NOW, meanings=MEANINGS)

    assert (failure.kind, failure.scope, failure.failover) == ("server", "provider", True)
    assert failure.until == NOW + timedelta(seconds=60)


def test_a_request_that_is_no_json_is_not_taken_for_a_web_page() -> None:
    text = "400: The request body is not valid JSON: unexpected token at position 17"

    assert classify_agent_error("invalid_request", text, NOW, meanings=MEANINGS).kind == "request"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["error", "message", "code", "type", "details", "param", "retryDelay", "raw"]),
            inner,
        )
    ),
    max_leaves=25,
)


@given(body=json_values, status=st.sampled_from([None, 200, 400, 401, 403, 404, 413, 422, 429, 500, 529]))
@examples(300)
def test_any_json_is_read_without_an_error(body: Any, status: int | None) -> None:
    failure = read(status, body)

    assert failure.kind in CLASSES
    assert len(failure.message) <= 200


@pytest.mark.parametrize(
    "body",
    [
        "[" * 65_536,
        '{"error":' * 7_000,
        '{"message":"' + "\\" * 65_000,
        '{"message":"' + "{'a':" * 13_000,
        "rate limit " * 6_000,
        "model " * 11_000,
        "resets " * 9_000,
        "resets in " + "1 h " * 16_000,
        "<" * 65_536,
        "<html" + "<a " * 20_000,
        "try again " + "1" * 65_000,
        "\x00" * 65_536,
        "负载" * 32_000,
    ],
    ids=range(13),
)
def test_no_body_takes_long(body: str) -> None:
    read(400, body)  # patterns are compiled

    began = time.process_time()
    read(400, body)

    assert time.process_time() - began < 2.0  # a hundred times what it takes; backtracking takes minutes


def test_a_deep_body_is_no_error() -> None:
    deep: Any = "end"
    for _ in range(900):
        deep = {"error": deep}

    assert error_body.read(json.dumps(deep)).is_structured
