"""Error answers of other days and other vendors than those the table was written from.

Each row is the public wording of one answer, what its user wants of it, and where it was read. A row that is read
wrongly is one example of a kind: the kind is mended in catalog/answers.yaml or in the rules, never the row.
"""

# ruff: noqa: E501 - wordings stay on one line, as they came

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pf_tui import catalog
from pf_tui.rules.failures import Failure, classify, classify_agent_error

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MEANINGS = catalog.load().meanings
EPOCH = int(NOW.timestamp())
SOON_S = (0, 300)
"""A rest nobody named: short, whatever exactly."""

# status, headers, body, kinds that serve the user, scope, seconds of rest (number, range, "cleared", None), source
LIMITS: list[tuple[int, dict[str, str], Any, str, Any, Any, str]] = [
    # --- Anthropic ---
    (429, {"retry-after": "17"}, {"type": "error", "error": {"type": "rate_limit_error", "message": "This request would exceed your organization's rate limit of 30,000 input tokens per minute (org: 1b2c, model: claude-opus-5-5). For details, refer to: https://docs.claude.com/en/api/rate-limits."}}, "rate", "model", 17, "Anthropic rate limits"),
    (429, {}, {"type": "error", "error": {"type": "rate_limit_error", "message": "This request would exceed your account's rate limit. Please try again later."}}, "windowless rate", "model", SOON_S, "anthropics/claude-code#22603"),
    (429, {"anthropic-ratelimit-unified-status": "rejected", "anthropic-ratelimit-unified-5h-status": "rejected", "anthropic-ratelimit-unified-5h-reset": str(EPOCH + 9000)}, {"type": "error", "error": {"type": "rate_limit_error", "message": "This request would exceed your account's rate limit. Please try again later."}}, "quota", "provider", 9000, "anthropics/claude-code#54698"),
    (429, {"retry-after": "41"}, {"type": "error", "error": {"type": "rate_limit_error", "message": "Number of concurrent connections has exceeded your rate limit. Please try again later or contact sales."}}, "rate", "model", 41, "Anthropic rate limits"),
    (400, {}, {"type": "error", "error": {"type": "invalid_request_error", "message": "You're out of extra usage. Add more at claude.ai/settings/usage and keep going."}}, "quota", "provider", "named-or-long", "anthropics/claude-code reports of 2026"),
    # --- OpenAI, Azure ---
    (429, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}, {"error": {"message": "Rate limit reached for gpt-6 in organization org-x on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.", "type": "requests", "param": None, "code": "rate_limit_exceeded"}}, "rate", ("model", "provider"), (20, 90), "OpenAI rate limits"),
    (429, {"retry-after-ms": "1350"}, {"error": {"message": "Rate limit reached for gpt-6-mini in organization org-x on tokens per min (TPM): Limit 200000, Used 199200, Requested 2950. Please try again in 645ms.", "type": "tokens", "param": None, "code": "rate_limit_exceeded"}}, "rate", "model", (1, 2), "OpenAI rate limits"),
    (429, {"retry-after": "2.75"}, {"error": {"message": "Your requests to gpt-6 for gpt-6 in Sweden Central have exceeded token rate limit. Please retry after 3 seconds.", "code": "RateLimitReached"}}, "rate", "model", (2, 4), "Azure OpenAI quotas"),
    (429, {}, {"error": {"code": "429", "message": "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2026-05-01 have exceeded call rate limit of your current AIServices S0 pricing tier. Please retry after 59 seconds. Please go here: https://aka.ms/oai/quotaincrease if you would like to further increase the default rate limit."}}, "rate", "model", 59, "Azure OpenAI quotas"),
    (429, {}, {"error": {"code": "NoCapacity", "message": "The system is currently experiencing high demand and cannot process your request. Your request exceeds the maximum usage size allowed during peak load."}}, "overload", "model", SOON_S, "Azure OpenAI reports"),
    (403, {}, {"error": {"code": "403", "message": "Out of call volume quota. Quota will be replenished in 2.14:03:11."}}, "quota", "provider", 2 * 86400 + 14 * 3600 + 191, "Azure API Management quota policy"),
    (429, {}, {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 47 seconds."}, "rate", "model", 47, "Azure API Management rate-limit policy"),
    # --- Codex ---
    (429, {"x-codex-primary-used-percent": "100", "x-codex-primary-reset-at": str(EPOCH + 4000)}, {"error": {"type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "pro", "resets_at": EPOCH + 4000}}, "quota", "provider", 4000, "openai/codex backend"),
    # --- Google ---
    (429, {}, [{"error": {"code": 429, "message": "Quota exceeded for aiplatform.googleapis.com/online_prediction_input_tokens_per_minute_per_base_model with base model: anthropic-claude-opus-5-5. Please submit a quota increase request.", "status": "RESOURCE_EXHAUSTED"}}], "rate windowless", "model", SOON_S, "anthropics/claude-code#1440"),
    (429, {}, [{"error": {"code": 429, "message": "Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.", "status": "RESOURCE_EXHAUSTED"}}], "rate windowless overload", "model", SOON_S, "Vertex error code 429"),
    (503, {}, {"error": {"code": 503, "message": "The model is overloaded. Please try again later.", "status": "UNAVAILABLE"}}, "overload", "model", SOON_S, "Gemini troubleshooting"),
    (429, {}, {"error": {"code": 429, "message": "You have exhausted your capacity on this model. Your quota will reset after 21h33m8s.", "status": "RESOURCE_EXHAUSTED"}}, "quota", "model", 77588, "Antigravity reports"),
    (429, {}, {"error": {"code": 429, "message": "Your project has exceeded its monthly spending cap. Go to AI Studio to manage it.", "status": "RESOURCE_EXHAUSTED"}}, "quota", "provider", (3 * 86400, 8 * 86400), "Gemini billing"),
    # --- Bedrock ---
    (429, {"x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/"}, {"message": "Too many tokens, please wait before trying again."}, "rate windowless", "model", SOON_S, "Bedrock errors"),
    (503, {"x-amzn-errortype": "ServiceUnavailableException"}, {"message": "Bedrock is unable to process your request."}, "overload", "model", SOON_S, "Bedrock errors"),
    (400, {"x-amzn-errortype": "ServiceQuotaExceededException"}, {"message": "Your request exceeds the service quota for your account. Request an increase in Service Quotas."}, "quota", "provider", "named-or-long", "Bedrock errors"),
    (424, {"x-amzn-errortype": "ModelErrorException"}, {"message": "The system encountered an unexpected error during processing. Try your request again."}, "server", "provider", SOON_S, "Bedrock errors"),
    # --- Groq, Cerebras, Fireworks, Together, Perplexity, Mistral, Cohere, xAI ---
    (429, {}, {"error": {"message": "Rate limit reached for model `qwen/qwen4-32b` in organization `org_1` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Used 5811, Requested 1930. Please try again in 17.41s. Need more tokens? Upgrade to Dev Tier today", "type": "tokens", "code": "rate_limit_exceeded"}}, "rate", "model", 17.41, "Groq rate limits"),
    (429, {"x-ratelimit-remaining-tokens-minute": "0", "x-ratelimit-reset-tokens-minute": "31.52"}, {"message": "Tokens per minute limit exceeded - too many tokens processed.", "type": "too_many_tokens_error", "param": "quota", "code": "token_quota_exceeded"}, "rate", "model", (31, 32), "continuedev/continue#9800"),
    (429, {}, {"message": "Tokens per day limit exceeded - too many tokens processed.", "type": "too_many_tokens_error", "param": "quota", "code": "token_quota_exceeded"}, "quota", "model", "named-or-long", "Cerebras rate limits"),
    (429, {}, {"message": "We're experiencing high traffic right now! Please try again soon.", "type": "too_many_requests_error", "param": "queue", "code": "queue_exceeded"}, "overload rate windowless", "model", SOON_S, "Cerebras reports"),
    (429, {}, {"error": {"type": "invalid_request_error", "message": "rate limit exceeded, please try again later"}, "type": "error"}, "rate windowless", "model", SOON_S, "charmbracelet/crush#3024"),
    (429, {}, {"error": "Too Many Requests", "message": "You have exceeded your usage limits. Please try again later or contact Fireworks to explore dedicated capacity."}, "rate windowless quota", ("model", "provider"), SOON_S, "GordeyZuev/LEAP#6"),
    (412, {}, {"error": {"message": "Account user-1 is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices. Please go to https://fireworks.ai/account/billing for more information."}}, "quota account", "provider", "cleared", "Fireworks reports"),
    (429, {"x-ratelimit-reset": "6"}, {"id": "o1", "error": {"message": "You have reached the rate limit specific to this model deepseek-ai/DeepSeek-V4. The maximum rate limit for this model is 6.0 queries and 180000 tokens per minute. This limit differs from the general rate limits published at Together AI rate limits documentation.", "type": "model_rate_limit", "param": None, "code": None}}, "rate windowless", "model", SOON_S, "Together rate limits"),
    (402, {}, {"error": {"message": "Credit limit exceeded, please navigate to the billing page to add credits to your account.", "type": "credit_limit", "param": None, "code": "credit_limit"}}, "quota", "provider", "cleared", "Together errors"),
    (503, {}, {"error": {"message": "The server is overloaded or not ready yet.", "type": "service_unavailable", "code": "service_unavailable"}}, "overload", "model", SOON_S, "Together errors"),
    (401, {}, {"error": {"message": "You exceeded your current quota, please check your plan and billing details.", "type": "insufficient_quota", "code": 401}}, "quota", "provider", "named-or-long", "Perplexity reports"),
    (429, {}, {"object": "error", "message": "Service tier capacity exceeded for this model.", "type": "service_tier_capacity_exceeded", "param": None, "code": "3505"}, "rate windowless overload", "model", SOON_S, "Mistral reports"),
    (429, {"ratelimitbysize-reset": "38"}, {"message": "Requests rate limit exceeded"}, "rate windowless", "model", SOON_S, "Mistral reports"),
    (429, {}, {"message": "You are using a Trial key, which is limited to 20 API calls / minute. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'."}, "rate windowless", "model", SOON_S, "Cohere rate limits"),
    (429, {}, {"message": "You are using a Trial key, which is limited to 1000 API calls / month. You can continue to use the Trial key for free or upgrade to a Production key."}, "quota", "provider", (3 * 86400, 8 * 86400), "Cohere rate limits"),
    (429, {}, {"code": "Some resource has been exhausted", "error": "Too many requests for team 1 and model grok-5-fast. Your team's rate limit is — requests per minute (actual/limit): 61/60."}, "rate windowless", "model", SOON_S, "xAI reports"),
    # --- China ---
    (429, {}, {"error": {"message": "Your account org-1<ak-1> request reached organization TPM rate limit, current: 130211, limit: 128000", "type": "rate_limit_reached_error"}}, "rate windowless", "model", SOON_S, "Moonshot errors"),
    (429, {}, {"error": {"message": "Your account org-1<ak-1> request reached organization max concurrency: 3, please try again after 1 seconds", "type": "rate_limit_reached_error"}}, "rate", "model", 1, "Moonshot errors"),
    (429, {}, {"error": {"message": "The engine is currently overloaded, please try again later", "type": "engine_overloaded_error"}}, "overload", "model", SOON_S, "Moonshot errors"),
    (429, {}, {"error": {"code": "1302", "message": "您当前使用该API的并发数过高，请降低并发，或联系客服增加限额。"}}, "rate windowless", "model", SOON_S, "docs.bigmodel.cn api-code"),
    (429, {}, {"error": {"code": "1305", "message": "该模型当前访问量过大，请您稍后再试"}}, "overload", "model", SOON_S, "docs.bigmodel.cn api-code"),
    (429, {}, {"error": {"code": "1308", "message": "Usage limit reached for 5 hour. Your limit will reset at 2026-11-24 23:10:00"}}, "quota", "provider", 11400, "docs.z.ai api-code"),
    (429, {}, {"error": {"message": "You exceeded your current requests list.", "type": "limit_requests", "param": None, "code": "limit_requests"}, "request_id": "r"}, "rate windowless", "model", SOON_S, "DashScope errors"),
    (429, {}, {"error": {"message": "Allocated quota exceeded, please increase your quota limit.", "type": "insufficient_quota", "code": "insufficient_quota"}}, "quota rate windowless", ("provider", "model"), "named-or-long", "DashScope errors"),
    (403, {}, {"error": {"message": "The free tier of the model has been exhausted. If you wish to continue access the model on a paid basis, please disable the \"use free tier only\" mode in the management console.", "code": "AllocationQuota.FreeTierOnly", "type": "AllocationQuota.FreeTierOnly"}}, "quota", ("model", "provider"), "cleared", "DashScope errors"),
    (429, {}, {"error": {"message": "Request was rejected due to rate limiting. Details: TPM limit reached.", "code": 50603}}, "rate windowless", "model", SOON_S, "SiliconFlow reports"),
    (403, {}, {"code": 30001, "message": "Sorry, your account balance is insufficient", "data": None}, "quota", "provider", "cleared", "SiliconFlow errors"),
    (429, {}, {"error": {"code": "SetLimitExceeded", "message": "Your account [1] has reached the set inference limit for the [doubao-seed] model, and the model service has been paused. To continue using this model, please visit the Model Activation page to adjust or close the \"Safe Experience Mode\".", "type": "TooManyRequests"}}, "quota", "model", "named-or-long", "Volcengine Ark errors"),
    (429, {}, {"error": {"code": "AccountQuotaExceeded", "message": "You have exceeded the 5-hour usage quota. It will reset at 2026-11-24 22:30:11 +0800 CST.", "type": "TooManyRequests"}}, "quota", "provider", 9011, "Volcengine coding plan"),
    (200, {}, {"base_resp": {"status_code": 1002, "status_msg": "rate limit, please retry later"}}, "rate windowless", "model", SOON_S, "MiniMax errors"),
    (200, {}, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, "quota", "provider", "cleared", "MiniMax errors"),
    # --- Routers and gateways ---
    (429, {"x-ratelimit-reset": str((EPOCH + 30) * 1000), "x-ratelimit-remaining": "0"}, {"error": {"message": "Rate limit exceeded: free-models-per-min. ", "code": 429, "metadata": {"headers": {"X-RateLimit-Limit": "20"}}}}, "rate", "model", 30, "OpenRouter limits"),
    (429, {}, {"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "qwen/qwen4-coder:free is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate limits", "provider_name": "Chutes"}}}, "rate windowless", "model", SOON_S, "OpenRouter reports"),
    (402, {}, {"error": {"message": "This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens, but can only afford 9120.", "code": 402}}, "quota", "provider", "cleared", "OpenRouter reports"),
    (429, {}, {"error": {"message": "litellm.RateLimitError: No deployments available for selected model, Try again in 60 seconds. Passed model=gpt-6. pre-call-checks=False, cooldown_list=[]", "type": "None", "param": "None", "code": "429"}}, "rate", "model", 60, "BerriAI/litellm reports"),
    (429, {}, {"error": {"message": "Rate limit exceeded for api_key: 88dc28d0f0. Limit type: requests. Current limit: 5, Remaining: 0. Limit resets at: 2026-11-24 12:01:30 UTC", "type": "throttling_error", "code": "429"}}, "rate", ("model", "provider"), 90, "LiteLLM parallel request limiter v3"),
    (429, {"retry-after": "Tue, 24 Nov 2026 12:05:00 GMT"}, "<html><head><title>429 Too Many Requests</title></head><body><center><h1>429 Too Many Requests</h1></center><hr><center>nginx</center></body></html>", "rate", ("provider", "model"), 300, "nginx limit_req"),
    (429, {}, "error code: 1015", "rate windowless", ("provider", "model"), SOON_S, "Cloudflare rate limiting"),
    (402, {}, {"error": "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x more monthly included credits."}, "quota", "provider", (3 * 86400, 8 * 86400), "Hugging Face"),
    (402, {}, {"error": {"message": "You have exceeded your premium request allowance.", "code": "quota_exceeded"}}, "quota", "provider", (3 * 86400, 8 * 86400), "microsoft/vscode-copilot-release#12785"),
    (429, {"retry-after": "5400"}, {"error": {"message": "Sorry, you've exhausted this model's rate limit. Please wait a moment before trying again, or switch to Auto.", "code": "model_rate_limited"}}, "rate", ("model", "provider"), 5400, "Copilot reports"),
    (429, {"x-ratelimit-user-retry-after": "118"}, {"error": {"code": "user_global_rate_limited", "message": "You've hit your global rate limit. Please upgrade your plan or wait 1 minute for your limit to reset."}}, "rate", ("provider", "model"), (60, 120), "Copilot reports"),
    # --- Local servers ---
    (503, {}, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, "overload", "model", SOON_S, "llama.cpp server"),
    (503, {}, {"error": "server busy, please try again.  maximum pending requests exceeded"}, "overload", "model", SOON_S, "Ollama"),
    (500, {}, {"error": "model requires more system memory (21.5 GiB) than is available (11.2 GiB)"}, "server model unsupported", ("model", "provider", None), "any", "Ollama"),
    (429, {}, {"error": "you've reached your hourly usage limit, please upgrade to continue"}, "quota rate", "provider", (300, 3600), "Ollama Cloud reports"),
    (429, {}, {"error": "you (name) have reached your weekly usage limit, upgrade for higher limits: https://ollama.com/upgrade"}, "quota", "provider", "named-or-long", "Ollama Cloud reports"),
]  # fmt: skip

# A limit of the request itself: nobody rests.
# the same of reports that were first read when the table had all the above
REFUSALS: list[tuple[int, dict[str, str], Any, str, Any, Any, str]] = [
    (403, {}, {'type': 'error', 'error': {'type': 'permission_error', 'message': 'OAuth token has been revoked. Please obtain a new token.'}}, "auth", "provider", "cleared", "anthropics/claude-code#9635"),
    (401, {}, {'type': 'error', 'error': {'type': 'authentication_error', 'message': 'OAuth authentication is currently not supported.'}}, "auth", "provider", "cleared", "anthropics/claude-code#28091"),
    (403, {}, {'error': {'type': 'forbidden', 'message': 'Request not allowed'}}, "auth", "provider", "cleared", "anthropics/claude-code#50411"),
    (403, {}, {'type': 'error', 'error': {'type': 'permission_error', 'message': 'OAuth token does not meet scope requirement user:profile'}}, "auth", "provider", "cleared", "anthropics/claude-code#16411"),
    (429, {}, {'error': {'code': 429, 'message': 'Gemini 2.5 Pro Preview doesn\'t have a free quota tier. Please use Gemini 2.5 Pro Experimental (models/gemini-2.5.pro-exp-03-25) instead. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. [violations { } , links { description: "Learn more about Gemini API quotas" url: "https://ai.google.dev/gemini-api/docs/rate-limits" } , retry_delay { seconds: 33 } ]', 'status': 'RESOURCE_EXHAUSTED'}}, "model", "model", "named-or-long", "ai-christianson/RA.Aid#182"),
    (402, {}, {'error': {'message': 'Prompt tokens limit exceeded: 230799 > 91442. To increase, visit https://openrouter.ai/settings/keys and create a key with a higher monthly limit', 'type': None, 'param': None, 'code': 402}}, "quota", "provider", "named-or-long", "anomalyco/opencode#12219"),
    (400, {}, {'message': 'Invocation of model ID anthropic.claude-3-5-sonnet-20241022-v2:0 with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.'}, "model", "model", "named-or-long", "terricain/aioboto3#352"),
    (400, {}, {'error': {'message': 'The requested model is not available for integrator "opencode". Verify the correct Copilot-Integration-Id header is being sent.', 'type': None, 'param': None, 'code': None}}, "model", "model", "named-or-long", "anomalyco/opencode#34048"),
    (429, {}, {'error': {'message': 'Your account org-ea6a <ak-f8ty> is suspended due to insufficient balance, please recharge your account or check your plan and billing details', 'type': 'exceeded_current_quota_error', 'param': None, 'code': None}}, "quota", "provider", "cleared", "continuedev/continue#11443"),
    (403, {}, {'error': {'message': 'Your account xx> is not active, organization <xx> exceeded current quota, please check your plan and billing details', 'type': 'exceeded_current_quota_error', 'param': None, 'code': None}}, "quota", "provider", "cleared", "MoonshotAI/Kimi-K2#5"),
    (429, {}, {'message': 'Requests per second limit exceeded - too many requests sent.', 'type': 'too_many_requests_error', 'param': 'quota', 'code': 'request_quota_exceeded'}, "windowless", "model", SOON_S, "explyt/explyt#35"),
    (404, {}, {'message': 'Model zai-glm-4.7 does not exist or you do not have access to it.', 'type': 'not_found_error', 'param': 'model', 'code': 'model_not_found'}, "model", "model", "named-or-long", "decolua/9router#1106"),
    (429, {}, {'error': {'message': 'No deployments available for selected model.', 'type': 'None', 'param': None, 'code': 429}}, "windowless", "model", SOON_S, "BerriAI/litellm#20867"),
    (400, {}, {'error': {'message': "litellm.BadRequestError: You passed in model=text-completion-codestral/codestral-latest. There is no 'model_name' with this string \nReceived Model Group=text-completion-codestral/codestral-latest\nAvailable Model Group Fallbacks=None", 'type': None, 'param': None, 'code': '400'}}, "model", "model", "named-or-long", "BerriAI/litellm#8279"),
    (400, {}, {'error': {'message': 'litellm.BadRequestError: DeepseekException - {"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}', 'type': None, 'param': None, 'code': '400'}}, "quota", "provider", "cleared", "Aider-AI/aider#4851"),
    (403, {}, {'error': {'code': '403', 'message': 'Access denied due to Virtual Network/Firewall rules.'}}, "account", "provider", "cleared", "Azure-Samples/azure-sql-db-chatbot#3"),
    (400, {}, [{'error': {'code': 400, 'message': 'Project `1` is not allowed to use Publisher Model `projects/m8/locations/asia-southeast1/publishers/anthropic/models/claude-3-sonnet@20240229`', 'status': 'FAILED_PRECONDITION'}}], "model", "model", "named-or-long", "yym68686/uni-api#41"),
    (401, {}, {'message': 'Unauthorized', 'request_id': '933f'}, "auth", "provider", "cleared", "coolcline/CoolCline#36"),
    (401, {}, {'detail': 'Unauthorized'}, "auth", "provider", "cleared", "agent0ai/agent-zero#539"),
    (429, {}, {'error': {'code': '1311', 'message': 'Your current subscription plan does not yet include access to GLM-5'}}, "model", "model", "named-or-long", "can1357/oh-my-pi#39"),
    (404, {}, {'message': 'Model not found, inaccessible, and/or not deployed', 'param': 'model', 'code': 'NOT_FOUND', 'type': 'error'}, "model", "model", "named-or-long", "warpdotdev/warp#15107"),
    (400, {}, {'id': 'o', 'error': {'message': 'Unable to access non-serverless model mistralai/Mistral-Small-24B-Instruct-2501. Please visit https://api.together.ai/models/mistralai/Mistral-Small-24B-Instruct-2501 to create and start a new dedicated endpoint for the model.', 'type': 'invalid_request_error', 'param': None, 'code': 'model_not_available'}}, "model", "model", "named-or-long", "HeyPuter/puter#3168"),
    (400, {}, {'id': 'o', 'error': {'message': 'The dedicated endpoint for mistralai/Mixtral-8x22B-Instruct-v0.1 is not running. Please visit https://api.together.ai/models to start the endpoint.', 'type': 'invalid_request_error', 'param': None, 'code': 'dedicated_endpoint_not_running'}}, "model", "model", "named-or-long", "HeyPuter/puter#3168"),
    (400, {}, {'error': {'message': 'Your organization must be verified to stream this model. Please go to: https://platform.openai.com/settings/organization/general and click on Verify Organization.', 'type': 'invalid_request_error', 'param': 'stream', 'code': 'unsupported_value'}}, "model", "model", "named-or-long", "danny-avila/LibreChat#6926"),
    (401, {}, {'error': {'message': 'The OpenAI account associated with this API key has been deactivated. If you are the developer for this OpenAI app, please check your email for more information.', 'type': 'invalid_request_error', 'param': None, 'code': 'account_deactivated'}}, "account", "provider", "cleared", "nat/openplayground#143"),
    (400, {}, {'detail': "The 'gpt-5.1-codex' model is not supported when using Codex with a ChatGPT account."}, "model", "model", "named-or-long", "openai/codex#6603"),
    (404, {}, {'error': {'message': 'No endpoints available matching your guardrail restrictions and data policy. Configure: https://openrouter.ai/settings/privacy', 'type': None, 'param': None, 'code': 404}}, "model", "model", "named-or-long", "NousResearch/hermes-agent#14943"),
    (429, {}, {'error': {'message': 'Provider returned error', 'type': None, 'param': None, 'code': 429}}, "windowless", "model", SOON_S, "continuedev/continue#10442"),
    (401, {}, {'message': 'invalid api token'}, "auth", "provider", "cleared", "cohere-ai/cohere-toolkit#857"),
    (404, {}, {'message': "model 'xlarge' not found, make sure the correct model ID was used and that you have access to the model."}, "model", "model", "named-or-long", "MaartenGr/BERTopic#1864"),
    (200, {}, {'type': 'error', 'error': {'message': 'Selected model is at capacity. Please try a different model.'}}, "overload", "model", SOON_S, "decolua/9router#894"),
]  # fmt: skip

REQUESTS: list[tuple[int, Any, str]] = [
    (400, {"error": {"message": "max_tokens is too large: 32000. This model supports at most 16384 completion tokens, whereas you provided 32000.", "type": "invalid_request_error", "param": "max_tokens", "code": "invalid_value"}}, "tailcallhq/forgecode#1185"),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-5-5"}}, "Anthropic reports"),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "too many images and documents: 120 + 0 > 100"}}, "anthropics/claude-code#24541"),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Too much media: 0 document pages + 103 images > 100"}}, "anthropics/claude-code#3397"),
    (400, {"error": {"type": "invalid_request_error", "message": "request contains 52 images, exceeding the maximum of 50 allowed per request"}}, "anomalyco/opencode#48647"),
    (400, {"object": "error", "message": "Image count 5 exceeds limit 4 per request.", "type": "BadRequestError", "param": None, "code": 400}, "AgnesAI-Labs/AgnesCode#50"),
    (400, {"object": "error", "message": "At most 5 image(s) may be provided in one request.", "type": "BadRequestError", "param": None, "code": 400}, "vllm-project/vllm#17092"),
    (500, {"error": {"message": "too many images in the message, max allowed is 16", "type": "new_api_error"}}, "QuantumNous/new-api#1233"),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "messages.19.content.27.image.source.base64.data: At least one of the image dimensions exceed max allowed size for many-image requests: 2000 pixels"}}, "anthropics/claude-code#24630"),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "messages.4.content.1.image.source.base64: image exceeds 5 MB maximum: 7340032 bytes > 5242880 bytes"}}, "Anthropic vision limits"),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "A maximum of 4 blocks with cache_control may be provided. Found 5."}}, "Anthropic prompt caching"),
    (400, {"error": {"message": "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 143 instead.", "type": "invalid_request_error", "param": "tools", "code": "array_above_max_length"}}, "OpenAI reports"),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "tools: Maximum of 64 strict tools are supported per request"}}, "Anthropic reports"),
    (400, {"error": {"code": 400, "message": "The number of function declarations exceeds the limit of 512.", "status": "INVALID_ARGUMENT"}}, "Gemini reports"),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "max_uses limit of web_search must be at least 1"}}, "Anthropic web search"),
    (400, {"error": {"message": "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model", "type": "invalid_request_error"}}, "Groq reports"),
    (400, {"error": {"message": "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", "type": "invalid_request_error", "code": "invalid_request_error"}}, "DeepSeek reports"),
    (400, {"error": {"message": "<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 65536]", "type": "invalid_request_error", "code": "invalid_parameter_error"}}, "DashScope reports"),
    (400, {"error": {"message": "The total number of stop sequences exceeds the limit of 4.", "type": "invalid_request_error", "param": "stop"}}, "OpenAI reference"),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "The thinking budget `thinking.budget_tokens` must be less than max_tokens; budget limit exceeded"}}, "Anthropic thinking"),
    (400, {"error": {"message": "This model's maximum context length is 131072 tokens. However, you requested 140213 tokens (108213 in the messages, 32000 in the completion). Please reduce the length of the messages or completion.", "type": "invalid_request_error", "code": "invalid_request_error"}}, "DeepSeek reports"),
    (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "input length and `max_tokens` exceed context limit: 187254 + 20000 > 200000, decrease input length or `max_tokens` and try again"}}, "Anthropic context windows"),
    (400, {"error": {"code": 400, "message": "request (41212 tokens) exceeds the available context size (32768 tokens), try increasing it", "type": "exceed_context_size_error", "n_ctx": 32768}}, "llama.cpp server"),
    (413, {"error": {"message": "Request body too large for gpt-6 model. Max size: 8000 tokens.", "code": "tokens_limit_reached", "details": "Request body too large"}}, "GitHub Models"),
    (400, {"error": {"message": "prompt token count of 131522 exceeds the limit of 128000", "code": "model_max_prompt_tokens_exceeded"}}, "Copilot reports"),
    (400, {"message": "too many tokens: total number of tokens in the request cannot exceed 256000 - received 290131."}, "Cohere errors"),
    (400, {"error": {"message": "The prompt contains content that violates the usage limits of our policy on self-harm", "code": "content_policy_violation"}}, "OpenAI reports"),
    (403, {"error": {"message": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_CYBER", "code": "The caller does not have permission to execute the specified operation"}}, "xAI reports"),
    (400, {"error": {"message": "Unsafe content: this request was blocked by Gemini API under our terms: quota for prohibited use is none", "status": "PROHIBITED_CONTENT"}}, "Gemini safety"),
    (400, {"error": {"message": "Invalid 'input': string too long. Expected a string with maximum length 10485760, but got 11200034", "code": "string_above_max_length", "param": "input"}}, "OpenAI reports"),
    (400, {'error': {'message': 'Your organization must be verified to generate reasoning summaries. Please go to: https://platform.openai.com/settings/organization/general and click on Verify Organization. If you just verified, it can take up to 15 minutes for access to propagate.', 'type': 'invalid_request_error', 'param': 'reasoning.summary', 'code': 'unsupported_value'}}, "continuedev/continue#9067"),
    (400, {'error': {'message': 'max_tokens must be less than or equal to 16384, the maximum value for max_tokens is less than the context_window for this model', 'type': 'invalid_request_error', 'param': None, 'code': None}}, "RooCodeInc/Roo-Code#5729"),
    (400, {'message': 'invalid request: message must be at least 1 token long or tool results must be specified.'}, "yym68686/uni-api#6"),
]  # fmt: skip

# What agents print after their own retries: word, text, kinds, seconds of rest, source
REPORTED: list[tuple[str, str, str, Any, str]] = [
    ("rate_limit", "You've hit your session limit · resets 3pm (Europe/Berlin)", "quota", 7200, "Claude Code transcripts"),
    ("rate_limit", "You've hit your weekly limit · resets Nov 27 at 4:30am (Asia/Calcutta)", "quota", 212400, "anthropics/claude-code#80903"),
    ("rate_limit", "You've hit your weekly limit · resets Nov 30, 2am (UTC)", "quota", 482400, "anthropics/claude-code#81647"),
    ("rate_limit", "You're out of extra usage · resets Nov 26, 8pm (Europe/Budapest)", "quota", 198000, "anthropics/claude-code#22603"),
    ("rate_limit", "Weekly limit reached · resets 10am (Asia/Seoul) · /upgrade to Max or turn on /extra-usage", "quota", 46800, "anthropics/claude-code#12789"),
    ("rate_limit", "5-hour limit reached ∙ resets 4pm", "quota", 14400, "Claude Code 2.0 transcripts"),
    ("rate_limit", "Opus weekly limit reached ∙ resets Nov 28 at 9am", "quota", 334800, "Claude Code 2.0 transcripts"),
    ("rate_limit", f"Claude AI usage limit reached|{EPOCH + 5400}", "quota", 5400, "Claude Code 1.0 transcripts"),
    ("usage_limit_exceeded", "You've hit your usage limit. Upgrade to Pro (https://openai.com/chatgpt/pricing) or try again in 2 days 17 hours 14 minutes.", "quota", 234840, "openai/codex#3124"),
    ("usage_limit_exceeded", "You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/codex/settings/usage to purchase more credits or try again at 2:51 PM.", "quota", 10260, "openai/codex#47047"),
    ("usage_limit_exceeded", "You've hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/codex/settings/usage to purchase more credits or try again at Nov 28th, 2026 2:14 AM.", "quota", 310440, "openai/codex#46937"),
    ("unknown", "You've hit your usage limit for GPT-6-Codex. Try again in 4 hours 59 minutes.", "quota", 17940, "openai/codex reports"),
    ("rate_limit", "API Error: Request rejected (429) · this may be a temporary capacity issue — check status.anthropic.com", "rate overload", "any", "Claude Code reports"),
    ("overloaded", "API Error: 529 Overloaded. This is a server-side issue, usually temporary — try again in a moment.", "overload", "any", "Claude Code reports"),
    ("billing_error", "Credit balance is too low", "quota", "cleared", "Claude Code transcripts"),
    ("authentication_failed", "Please run /login · API Error: 401 OAuth token has expired. Please obtain a new token or refresh your existing token.", "auth", "cleared", "Claude Code transcripts"),
]  # fmt: skip


def read(status: int, headers: dict[str, str], body: Any) -> Failure:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return classify(
        status=status, headers=headers, body=text, now=NOW, meanings=MEANINGS, model="claude-opus-5-5"
    )


def rests_as_wanted(failure: Failure, wanted: Any) -> bool:
    """Whether the rest is what the row says."""
    if wanted == "any":
        return True
    if wanted == "cleared":
        return failure.forever
    if failure.forever:
        return bool(wanted == "named-or-long")
    if failure.until is None:
        return False
    rest_s = (failure.until - NOW).total_seconds()
    if wanted == "named-or-long":
        return rest_s >= 120
    low, high = wanted if isinstance(wanted, tuple) else (wanted - 1, wanted + 1)
    return bool(low <= rest_s <= high)


def rows(table: list[Any]) -> list[Any]:
    return [pytest.param(*row, id=f"{place}-{row[-1].replace(' ', '-')}") for place, row in enumerate(table)]


@pytest.mark.parametrize(
    ("status", "headers", "body", "kinds", "scope", "rest", "source"), rows(LIMITS + REFUSALS)
)
def test_a_limit_rests_what_it_covers_as_long_as_it_lasts(
    status: int, headers: dict[str, str], body: Any, kinds: str, scope: Any, rest: Any, source: str
) -> None:
    failure = read(status, headers, body)

    assert failure.kind in kinds.split()
    assert failure.failover
    assert failure.scope in (scope if isinstance(scope, tuple) else (scope,))
    assert rests_as_wanted(failure, rest), failure.until


@pytest.mark.parametrize(("status", "body", "source"), rows(REQUESTS))
def test_a_limit_of_the_request_itself_benches_nobody(status: int, body: Any, source: str) -> None:
    failure = read(status, {}, body)

    assert failure.kind in ("request", "context", "unsupported")
    assert failure.scope is None


@pytest.mark.parametrize(("word", "text", "kinds", "rest", "source"), rows(REPORTED))
def test_an_agents_own_words_say_what_rests_and_until_when(
    word: str, text: str, kinds: str, rest: Any, source: str
) -> None:
    failure = classify_agent_error(word, text, NOW, meanings=MEANINGS, model="claude-opus-5-5")

    assert failure.kind in kinds.split()
    assert failure.failover
    assert rests_as_wanted(failure, rest), failure.until
