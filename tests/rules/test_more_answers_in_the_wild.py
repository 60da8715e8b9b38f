"""A second harvest of error answers: wordings that the table was not written from, and what their users want.

Read where each row says, on 2026-11-30; the rows of test_answers_in_the_wild.py are others.
"""

# ruff: noqa: E501 - wordings stay on one line, as they came

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pf_tui.rules.failures import classify_agent_error
from tests.rules.test_answers_in_the_wild import EPOCH, MEANINGS, NOW, SOON_S, read, rests_as_wanted, rows

LONG = "named-or-long"
HOURS = (3600, 32 * 86400)
WHOLE, ONE, EITHER = "provider", "model", ("model", "provider")


def anthropic(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


def openai(
    message: str, kind: str | None = None, code: Any = None, param: str | None = None
) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def google(code: int, status: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {
        "error": {
            "code": code,
            "message": message,
            "status": status,
            **({"details": list(details)} if details else {}),
        }
    }


def amazon(name: str) -> dict[str, str]:
    return {"x-amzn-errortype": f"{name}:http://internal.amazon.com/coral/com.amazon.bedrock/"}


def page(title: str, text: str = "") -> str:
    return f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>{text}</center>\r\n</body>\r\n</html>\r\n"


CASES: list[tuple[int | None, dict[str, str], Any, str, Any, Any, str]] = [
    # --- Anthropic ---
    (429, {}, anthropic("rate_limit_error", "Number of request tokens has exceeded your daily rate limit (https://docs.anthropic.com/en/api/rate-limits); see the response headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later."), "quota", EITHER, LONG, "SakanaAI/AI-Scientist#115"),
    (401, {}, anthropic("authentication_error", "OAuth authentication is currently not allowed for this organization."), "auth account", WHOLE, "cleared", "anthropics/claude-code#6752"),
    (403, {}, anthropic("permission_error", "OAuth authentication is currently not allowed for this organization."), "auth account", WHOLE, "cleared", "anthropics/claude-code#65714"),
    (401, {}, anthropic("authentication_error", "OAuth token has been revoked. Please obtain a new token."), "auth", WHOLE, "cleared", "anthropics/claude-code reports"),
    (403, {}, anthropic("permission_error", "OAuth token does not meet scope requirement user:inference"), "auth", WHOLE, "cleared", "anthropics/claude-code reports"),
    (403, {}, {"error": {"type": "forbidden", "message": "Request not allowed"}}, "account auth", WHOLE, "cleared", "anthropics/claude-code reports: an unsupported region"),
    (504, {}, anthropic("timeout_error", "Request timed out. Please use streaming for long requests."), "timeout server", WHOLE, SOON_S, "Anthropic errors"),
    (429, {}, anthropic("rate_limit_error", "Server is temporarily limiting requests (not your usage limit)"), "overload windowless rate", ONE, SOON_S, "anthropics/claude-code reports of 2026"),
    # --- OpenAI, Codex ---
    (403, {}, openai("Country, region, or territory not supported", "request_forbidden", "unsupported_country_region_territory"), "account", WHOLE, "cleared", "OpenAI error codes"),
    (401, {}, openai("You must be a member of an organization to use the API. Please contact us through our help center at help.openai.com.", "invalid_request_error"), "auth account", WHOLE, "cleared", "OpenAI error codes"),
    (401, {}, openai("Provided authentication token is expired. Please try signing in again.", None, "token_expired"), "auth", WHOLE, "cleared", "openai/codex reports"),
    (401, {}, openai("Your authentication token has been invalidated. Please try signing in again.", "invalid_request_error", "token_invalidated"), "auth", WHOLE, "cleared", "openai/codex reports"),
    (401, {}, openai("Your refresh token has already been used to generate a new access token. Please try signing in again.", "invalid_request_error", "refresh_token_reused"), "auth", WHOLE, "cleared", "openai/codex#6028"),
    (403, {}, openai("You have insufficient permissions for this operation. Missing scopes: model.request. Check that you have the correct role in your organization (Reader, Writer, Owner) and project (Member, Owner), and if you're using a restricted API key, that it has the necessary scopes.", "invalid_request_error", "missing_scope"), "auth", WHOLE, "cleared", "OpenAI reports"),
    (401, {}, openai("Your IP address is not authorized to access this project. Please add it to the project's allowlist.", "invalid_request_error", "ip_not_authorized"), "account auth", WHOLE, "cleared", "OpenAI error codes"),
    (503, {}, openai("That model is currently overloaded with other requests. You can retry your request, or contact us through our help center at help.openai.com if the error persists.", "server_error"), "overload", ONE, SOON_S, "OpenAI error codes"),
    (500, {}, openai("The server had an error processing your request. Sorry about that! You can retry your request, or contact us through our help center at help.openai.com if you keep seeing this error.", "server_error"), "server", WHOLE, SOON_S, "OpenAI error codes"),
    (402, {}, {"detail": {"code": "deactivated_workspace"}}, "account quota", WHOLE, "cleared", "openai/codex reports"),
    (429, {}, openai("Your workspace is out of credits. Ask your workspace owner to refill in order to continue.", "workspace_owner_credits_depleted"), "quota", WHOLE, "cleared", "openai/codex#27598"),
    (None, {}, {"type": "response.failed", "response": {"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "Rate limit reached for gpt-6.1-sol in organization org-x on tokens per min (TPM): Limit 500000, Used 491000, Requested 18212. Please try again in 11.054s. Visit https://platform.openai.com/account/rate-limits to learn more."}}}, "rate", ONE, 11.054, "openai/codex reports"),
    (None, {}, {"type": "error", "error": {"type": "service_unavailable_error", "code": "server_is_overloaded", "message": "Our servers are currently overloaded. Please try again later."}}, "overload", ONE, SOON_S, "openai/codex reports"),
    # --- Azure ---
    (404, {}, {"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again."}}, "model", ONE, LONG, "chatboxai/chatbox#861"),
    (401, {}, {"error": {"code": "401", "message": "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}}, "auth", WHOLE, "cleared", "Azure OpenAI reports"),
    (403, {}, {"error": {"code": "AccessDenied", "message": "Access denied due to Virtual Network/Firewall rules."}}, "account auth", WHOLE, "cleared", "Azure AI services, virtual networks"),
    (401, {}, {"error": {"code": "PermissionDenied", "message": "The principal `00-11` lacks the required data action `Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action` to perform `POST /openai/deployments/{deployment-id}/chat/completions` operation."}}, "auth", WHOLE, "cleared", "Azure OpenAI reports"),
    (400, {}, {"error": {"code": "OperationNotSupported", "message": "The chatCompletion operation does not work with the specified model, gpt-6.1-codex. Please choose different model and try again. You can learn more about which models can be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993."}}, "model unsupported", (ONE, None), "any", "Azure OpenAI reports"),
    (403, {}, {"error": {"code": "ReadOnlyDisabledSubscription", "message": "The subscription '00-11' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled."}}, "account quota", WHOLE, "cleared", "Azure subscription states"),
    (408, {}, {"error": {"code": "Timeout", "message": "The operation was timeout."}}, "timeout server", WHOLE, SOON_S, "Azure OpenAI reports"),
    # --- Bedrock ---
    (429, amazon("ThrottlingException"), {"message": "Too many tokens per day, please wait before trying again."}, "quota", ONE, LONG, "Ivy-Interactive/Ivy-Tendril#1756"),
    (403, amazon("AccessDeniedException"), {"message": "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model. Refer to the Amazon Bedrock documentation for further details."}, "model", ONE, LONG, "Bedrock reports"),
    (404, amazon("ResourceNotFoundException"), {"message": "Model use case details have not been submitted for this account. Fill out the Anthropic use case details form before using the model. If you have already filled out the form, try again in 15 minutes."}, "model account", EITHER, LONG, "Bedrock reports"),
    (400, amazon("ValidationException"), {"message": "Invocation of model ID anthropic.claude-sonnet-4-20250514-v1:0 with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model."}, "model", ONE, LONG, "anthropics/claude-code#1466"),
    (403, amazon("ExpiredTokenException"), {"message": "The security token included in the request is expired"}, "auth", WHOLE, "cleared", "AWS common errors"),
    (403, amazon("UnrecognizedClientException"), {"message": "The security token included in the request is invalid."}, "auth", WHOLE, "cleared", "AWS common errors"),
    (429, amazon("ModelNotReadyException"), {"message": "Model is not ready for inference. Wait and try your request again."}, "overload server windowless rate", EITHER, SOON_S, "Bedrock InvokeModel errors"),
    (408, amazon("ModelTimeoutException"), {"message": "Model has timed out in processing the request. Try your request again."}, "timeout server", WHOLE, SOON_S, "Bedrock InvokeModel errors"),
    (400, amazon("ValidationException"), {"message": "Operation not allowed"}, "account", WHOLE, "any", "AWS re:Post: new accounts without Bedrock"),
    (400, amazon("ValidationException"), {"message": "Access to Anthropic models is not allowed from unsupported countries, regions, or territories. Please refer to https://www.anthropic.com/supported-countries for more information on the countries and regions Anthropic currently supports."}, "account model", EITHER, LONG, "Bedrock reports"),
    (400, amazon("ValidationException"), {"message": "Malformed input request: #: extraneous key [reasoning_effort] is not permitted, please reformat your input and try again."}, "unsupported", None, "any", "Bedrock reports"),
    # --- Vertex, Gemini ---
    (400, {}, [google(400, "FAILED_PRECONDITION", "Project `my-project` is not allowed to use Publisher Model `projects/my-project/locations/us-east5/publishers/anthropic/models/claude-opus-5-5`")], "model", ONE, LONG, "yym68686/uni-api#41"),
    (403, {}, google(403, "PERMISSION_DENIED", "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-5-5' (or it may not exist)."), "auth account model", EITHER, LONG, "Vertex reports"),
    (403, {}, google(403, "PERMISSION_DENIED", "Vertex AI API has not been used in project 123 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/aiplatform.googleapis.com/overview?project=123 then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.", {"reason": "SERVICE_DISABLED"}), "account auth", WHOLE, "cleared", "Vertex reports"),
    (404, {}, google(404, "NOT_FOUND", "Publisher Model `projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-5-5` was not found or your project does not have access to it. Please ensure you are using a valid model version."), "model", ONE, LONG, "Vertex reports"),
    (401, {}, google(401, "UNAUTHENTICATED", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."), "auth", WHOLE, "cleared", "Vertex reports"),
    (504, {}, google(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."), "timeout server", WHOLE, SOON_S, "Gemini troubleshooting"),
    (429, {}, google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.\n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 0, model: gemini-3.1-pro\nPlease retry in 25.465784708s."), "model quota rate", ONE, "any", "google-gemini/gemini-cli#22486"),
    (403, {}, google(403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key."), "auth", WHOLE, "cleared", "Gemini API reports"),
    (403, {}, google(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."), "auth", WHOLE, "cleared", "Gemini API reports"),
    (403, {}, google(403, "PERMISSION_DENIED", "Requests to this API generativelanguage.googleapis.com method google.ai.generativelanguage.v1beta.GenerativeService.GenerateContent are blocked.", {"reason": "API_KEY_SERVICE_BLOCKED"}), "auth", WHOLE, "cleared", "Gemini API reports"),
    (400, {}, google(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.", {"reason": "API_KEY_INVALID"}), "auth", WHOLE, "cleared", "Gemini API reports"),
    (429, {}, google(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."), "windowless rate quota", EITHER, SOON_S, "Gemini API reports"),
    # --- Groq ---
    (429, {}, openai("Rate limit reached for model `llama-3.3-70b-versatile` in organization `org_01` service tier `on_demand` on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. Please try again in 9m38.016s. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing", "tokens", "rate_limit_exceeded"), "quota rate", ONE, 578.016, "continuedev/continue#10920"),
    (498, {}, openai("Flex tier capacity exceeded. Please try again later.", "flex_tier_capacity_exceeded", "capacity_exceeded"), "overload", ONE, SOON_S, "Groq flex processing"),
    (400, {}, openai("Organization has been restricted. Please reach out to support if you believe this was in error.", "invalid_request_error", "organization_restricted"), "account", WHOLE, "cleared", "Groq reports"),
    (403, {}, openai("Access denied. Please check your network settings."), "account auth server", WHOLE, "any", "Groq reports: VPNs"),
    (403, {}, openai("The model `openai/gpt-oss-120b` is blocked at the project level. Please have a project admin enable this model in the project settings at https://console.groq.com/settings/project/limits", "permissions_error", "model_permission_blocked_project"), "model", ONE, LONG, "Groq reports"),
    (400, {}, openai("API access blocked due to spend alert threshold. Please visit https://console.groq.com/settings/billing to resolve.", "invalid_request_error", "blocked_api_access"), "quota", WHOLE, LONG, "Groq spend limits"),
    # --- Mistral, DeepSeek, xAI ---
    (429, {}, {"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "param": None, "code": "1300", "raw_status_code": 429}, "windowless rate", ONE, SOON_S, "raycast/extensions#31107"),
    (503, {}, {"object": "error", "message": "Service tier capacity exceeded for this model.", "type": "service_tier_capacity_exceeded", "param": None, "code": "3505", "raw_status_code": 503}, "overload", ONE, SOON_S, "BerriAI/litellm#25078"),
    (403, {}, {"message": "Inactive subscription or usage limit reached", "request_id": "9c1"}, "quota account", WHOLE, LONG, "Mistral reports"),
    (400, {}, {"object": "error", "message": "Invalid model: mistral-large-2999", "type": "invalid_model", "param": None, "code": "1500"}, "model", ONE, LONG, "Mistral reports"),
    (503, {}, openai("Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.", "service_unavailable_error", "service_unavailable_error"), "overload", ONE, SOON_S, "DeepSeek reports"),
    (401, {}, openai("Authentication Fails (governor)", "authentication_error", "invalid_request_error"), "auth", WHOLE, "cleared", "DeepSeek reports"),
    (429, {}, {"code": "Some resource has been exhausted", "error": "Too many tokens for team e9fe19cb and model grok-4-0709. Your team's rate limit is — Tokens per Minute (actual/limit): 65605/16000. You can view your team rate limits at https://console.x.ai."}, "windowless rate", ONE, SOON_S, "cline/cline#4826"),
    (403, {}, {"code": "permission-denied", "error": "Access to the chat endpoint is denied. Please ensure you're using the correct credentials. If you believe this is a mistake, please log into console.x.ai and update the permissions, or contact support."}, "auth account", WHOLE, "cleared", "decolua/9router#2559"),
    (403, {}, {"message": "Internal error: {\n  \"message\": \"API error (status 403 Forbidden): permission-denied: Your team deadb has either used all available credits or reached its monthly spending limit. To continue making API requests, please purchase more credits or raise your spending limit.\",\n  \"http_status\": 403\n}"}, "quota", WHOLE, LONG, "Anantys-oss/koan#2412"),
    (403, {}, {"code": "permission-denied", "error": "You have run out of credits or need a Grok subscription. Add credits at https://grok.com/?_s=usage or upgrade at https://grok.com/supergrok."}, "quota", WHOLE, "cleared", "Wei-Shaw/sub2api#4069"),
    (410, {}, {"error": "Live search is deprecated. Please switch to the Agent Tools API: https://docs.x.ai/docs/guides/tools/overview"}, "unsupported", None, "any", "superagent-ai/grok-cli#142"),
    (404, {}, {"code": "Some requested entity was not found", "error": "The model grok-4-fast does not exist or your team 16f2 does not have access to it. Please ensure you're using the correct API key."}, "model", ONE, LONG, "xAI reports"),
    # --- Together, Fireworks, Cerebras ---
    (429, {}, openai("You have reached the rate limit specific to this model Qwen/Qwen3-Coder-480B. The maximum rate limit for this model is 9.0 queries per minute. This limit differs from the general rate limits published at Together AI rate limits documentation (https://docs.together.ai/docs/rate-limits).", "model_rate_limit"), "windowless rate", ONE, SOON_S, "xtekky/gpt4free#3032"),
    (429, {}, openai("You have been rate limited. Your rate limit is 60 queries per minute. Please navigate to https://api.together.xyz/settings/billing to upgrade to a paid plan.", "credit_limit"), "windowless rate", ONE, SOON_S, "togethercomputer/MoA#27"),
    (503, {}, openai("The server is overloaded or not ready yet.", "server_error"), "overload", ONE, SOON_S, "Together error codes"),
    (412, {}, openai("Flux.APIError: APIError: Fireworks_aiException - {\"error\":{\"message\":\"Account ferrox is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices. Please go to https://fireworks.ai/account/billing for more information.\",\"param\":null,\"code\":\"PRECONDITION_FAILED\",\"type\":\"error\"},\"request_id\":\"chatcmpl-1\"}. Received Model Group=glm-5-2", None, "412"), "quota account", WHOLE, "cleared", "FerroxLabs/wayland#545"),
    (404, {}, {"message": "Model zai-glm-9 does not exist or you do not have access to it.", "type": "not_found_error", "param": "model", "code": "model_not_found"}, "model", ONE, LONG, "Cerebras error codes"),
    (429, {}, {"message": "Requests per day limit exceeded - too many requests sent.", "type": "too_many_requests_error", "param": "quota", "code": "request_quota_exceeded"}, "quota", ONE, LONG, "Cerebras rate limits"),
    (429, {}, {"message": "Requests per hour limit exceeded - too many requests sent.", "type": "too_many_requests_error", "param": "quota", "code": "request_quota_exceeded"}, "quota rate", ONE, (600, 3700), "Cerebras rate limits"),
    (401, {}, {"message": "Wrong API Key", "type": "invalid_request_error", "param": "api_key", "code": "wrong_api_key"}, "auth", WHOLE, "cleared", "Cerebras reports"),
    # --- OpenRouter and gateways ---
    (429, {}, openai("Rate limit exceeded: free-models-per-day-high-balance.", "rate_limit_error", "429"), "quota", EITHER, HOURS, "Gitlawb/openclaude#1549"),
    (429, {}, {"error": {"message": "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day", "code": 429, "metadata": {"headers": {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str((EPOCH + 43200) * 1000)}, "provider_name": None}}, "user_id": "user_1"}, "quota", EITHER, 43200, "Gitlawb/openclaude#936"),
    (503, {}, {"error": {"message": "Provider returned error", "code": 503, "metadata": {"raw": "{\"detail\":\"No instances available (yet) for chute_id='579ca543'\"}", "provider_name": "Chutes"}}}, "overload", ONE, SOON_S, "OpenRouter reports"),
    (404, {}, {"error": {"message": "No allowed providers are available for the selected model.", "code": 404, "metadata": {"available_providers": ["azure"], "requested_providers": ["x"]}}}, "model", ONE, LONG, "OpenRouter reports"),
    (400, {}, openai("anthropic/claude-opus-9 is not a valid model ID", None, 400), "model", ONE, LONG, "OpenRouter reports"),
    (None, {}, {"id": "gen-1", "provider": "Nvidia", "object": "chat.completion.chunk", "error": {"code": 502, "message": "Worker local total request limit reached (33/32)", "metadata": {"error_type": "provider_unavailable"}}, "choices": []}, "overload server rate windowless", EITHER, SOON_S, "diegosouzapw/OmniRoute#8210"),
    (403, {}, openai("Key limit exceeded (monthly limit). Manage it using https://openrouter.ai/settings/keys", None, 403), "quota", WHOLE, LONG, "OpenRouter reports"),
    (402, {}, openai("{'error': 'credit_unresolved', 'message': 'A prior charge is still being reconciled. Please retry shortly.', 'upgrade_url': 'https://fluxrouter.ai/home/billing/topup', 'model': 'flux-auto'}", "None", "402"), "quota rate", EITHER, "any", "FerroxLabs/wayland#545"),
    # --- GitHub ---
    (402, {}, {"error": {"message": "You have no quota", "code": "quota_exceeded"}}, "quota", WHOLE, HOURS, "earendil-works/pi#3643"),
    (403, {}, openai("Access to this endpoint is forbidden. Please review our Terms of Service."), "account auth", WHOLE, "cleared", "Copilot reports"),
    (429, {}, openai("Sorry, your request is rate-limited. Please wait 8 hours 24 minutes and try again", None, "rate_limited"), "quota rate", EITHER, 30240, "microsoft/vscode-copilot-release#3210"),
    (429, {}, openai("Sorry, you have exhausted this model's rate limit. Please wait a moment before trying again, or switch to a different model.", None, "model_rate_limited"), "rate windowless", ONE, SOON_S, "microsoft/vscode-copilot-release#7132"),
    (429, {}, openai("Sorry, you have exceeded your Copilot token usage. Please review our Terms of Service.", None, "rate_limited"), "rate windowless quota", EITHER, SOON_S, "microsoft/vscode-copilot-release#5795"),
    (403, {}, {"error": {"code": "no_access", "message": "No access to model: openai/gpt-6", "details": "No access to model: openai/gpt-6"}}, "model", ONE, LONG, "GitHub Models reports"),
    (401, {}, "IDE token expired: unauthorized: token expired\n", "auth", WHOLE, "cleared", "Copilot reports"),
    (400, {}, openai("The requested model is not supported.", "invalid_request_error", "model_not_supported", "model"), "model", ONE, LONG, "Copilot reports"),
    # --- Moonshot, Z.AI, MiniMax, DashScope ---
    (429, {}, openai("Your account org-78cd / proj-a418 <ak-f94z> request reached organization TPD rate limit, current: 1526210, limit: 1500000", "rate_limit_reached_error"), "quota", EITHER, LONG, "MoonshotAI/kimi-cli#1599"),
    (403, {}, openai("Your account org-1<ak-2> is not active, organization <org-1> exceeded current quota, please check your plan and billing details", "exceeded_current_quota_error"), "quota", WHOLE, "cleared", "MoonshotAI/Kimi-K2#5"),
    (429, {}, openai("We're receiving too many requests at the moment. Please wait a moment and try again.", "rate_limit_reached_error"), "overload rate windowless", ONE, SOON_S, "MoonshotAI/kimi-cli#901"),
    (429, {}, anthropic("rate_limit_error", "The engine is currently overloaded, please try again later"), "overload", ONE, SOON_S, "earendil-works/pi#3494"),
    (404, {}, openai("Not found the model kimi-k9 or Permission denied", "resource_not_found_error"), "model", ONE, LONG, "Moonshot errors"),
    (429, {}, openai("High concurrency usage of this API, please reduce concurrency or contact customer service to increase limits", None, "1302"), "rate windowless", ONE, SOON_S, "docs.z.ai api-code"),
    (429, {}, openai("The service may be temporarily overloaded, please try again later", None, "1305"), "overload", ONE, SOON_S, "docs.z.ai api-code"),
    (429, {}, openai("Daily call limit for this API reached. For more requests, please contact customer service to purchase", None, "1304"), "quota", EITHER, HOURS, "docs.z.ai api-code"),
    (400, {}, openai("Unknown Model, please check the model code.", None, "1211"), "model", ONE, LONG, "docs.z.ai api-code"),
    (401, {}, openai("token expired or incorrect", "401", "1000"), "auth", WHOLE, "cleared", "docs.z.ai reports"),
    (500, {}, openai("Network error, error id: 20261124120000abc, please contact customer service", None, "1234"), "server", WHOLE, SOON_S, "docs.z.ai api-code"),
    (200, {}, {"base_resp": {"status_code": 1002, "status_msg": "rate limit exceeded(RPM)"}}, "rate windowless", ONE, SOON_S, "ENTERPILOT/GoModel#640"),
    (200, {}, {"base_resp": {"status_code": 1039, "status_msg": "token limit exceeded (TPM)"}}, "rate windowless overload", ONE, SOON_S, "ENTERPILOT/GoModel#640"),
    (200, {}, {"base_resp": {"status_code": 1004, "status_msg": "login fail: Please carry the API secret key in the 'Authorization' field of the request header"}}, "auth", WHOLE, "cleared", "MiniMax error codes"),
    (200, {}, {"base_resp": {"status_code": 2049, "status_msg": "invalid api key"}}, "auth", WHOLE, "cleared", "MiniMax error codes"),
    (200, {}, {"base_resp": {"status_code": 1033, "status_msg": "system error, please retry later"}}, "server", WHOLE, SOON_S, "MiniMax error codes"),
    (403, {}, openai("The free quota has been exhausted. To continue accessing the model on a paid basis, please complete your payment information （or disable the \"use free tier only\" mode in the management console if already completed).", "AllocationQuota.FreeTierOnly", "AllocationQuota.FreeTierOnly"), "quota", EITHER, LONG, "axoviq-ai/synthadoc#215"),
    (429, {}, openai("You exceeded your current quota, please check your plan and billing details. For details, see: https://help.aliyun.com/zh/model-studio/error-code#token-limit", "insufficient_quota", "insufficient_quota"), "rate windowless", ONE, SOON_S, "anomalyco/opencode#23722: a limit per minute"),
    (429, {}, openai("Allocated quota exceeded, please increase your quota limit. For details, see: https://help.aliyun.com/zh/model-studio/error-code#token-limit", None, "Throttling.AllocationQuota"), "rate windowless", ONE, SOON_S, "QwenLM/Qwen#2254"),
    (429, {}, openai("Free allocated quota exceeded.", None, "insufficient_quota"), "quota", EITHER, LONG, "QwenLM/qwen-code#1742"),
    (429, {}, openai("week allocated quota exceeded.", "invalid_request_error", "Throttling.AllocationQuota"), "quota", WHOLE, LONG, "Model Studio coding plan"),
    # --- NVIDIA, Cohere, Hugging Face, Perplexity ---
    (429, {}, {"status": 429, "title": "Too Many Requests"}, "windowless rate", ONE, SOON_S, "Alishahryar1/free-claude-code#30"),
    (404, {}, {"status": 404, "title": "Not Found", "detail": "Function '23d4f03a': Not found for account 'Qawm'"}, "model", ONE, LONG, "Alishahryar1/free-claude-code#1021"),
    (403, {}, {"status": 403, "title": "Forbidden", "detail": "Authorization failed"}, "auth", WHOLE, "cleared", "dmMaze/BallonsTranslator#1233"),
    (402, {}, {"status": 402, "title": "Payment Required", "detail": "Account 'Qawm': Cloud credits expired - Please contact NVIDIA representatives"}, "quota", WHOLE, "cleared", "NVIDIA forums"),
    (429, {}, "ResourceExhausted: Worker local total request limit reached (33/32)", "overload rate windowless", EITHER, SOON_S, "QuantumNous/new-api#6619"),
    (410, {}, {"type": "urn:nvcf-worker-service:problem-details:gone", "title": "Gone", "status": 410, "detail": "The model 'nvidia/nemotron-4' has reached its end of life on 2026-05-15 and is no longer available."}, "model", ONE, LONG, "NVIDIA forums"),
    (400, {}, {"status": 400, "title": "Bad Request", "detail": "Function id 'f1': DEGRADED function cannot be invoked"}, "model overload server", EITHER, "any", "NVIDIA forums"),
    (429, {}, {"message": "You are using a Trial key, which is limited to 1000 API calls / month. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'. Contact us on 'https://discord.gg/XW44jPfYJu' or email us at support@cohere.com with any questions"}, "quota", WHOLE, HOURS, "Cohere rate limits"),
    (429, {}, {"message": "You are past the per minute request limit, please wait and try again later."}, "windowless rate", ONE, SOON_S, "Cohere rate limits"),
    (404, {}, {"message": "model 'command-r' was removed on September 15, 2025. See https://docs.cohere.com/docs/models for currently supported models"}, "model", ONE, LONG, "Cohere deprecations"),
    (503, {}, {"error": "Model meta-llama/Llama-9 is currently loading", "estimated_time": 300.8891906738281}, "overload server", EITHER, (0, 301), "huggingface/transformers#23793"),
    (400, {}, openai("The requested model 'x/y' is not supported by any provider you have enabled.", "invalid_request_error", "model_not_supported", "model"), "model", ONE, LONG, "Hugging Face reports"),
    (503, {}, {"error": "Model too busy, unable to get response in less than 60 second(s)"}, "overload", ONE, SOON_S, "Hugging Face reports"),
    (403, {}, {"error": "This authentication method does not have sufficient permissions to call Inference Providers on behalf of user x"}, "auth", WHOLE, "cleared", "Hugging Face reports"),
    (401, {}, page("401 Authorization Required", "openresty/1.25.3.1"), "auth", WHOLE, "cleared", "Perplexity reports: a wrong key"),
    (400, {}, openai("Invalid model 'llama-3.1-sonar-large'. Permitted models can be found in the documentation at https://docs.perplexity.ai/getting-started/models.", "invalid_model", 400), "model", ONE, LONG, "Perplexity reports"),
    (401, {}, openai("You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", 401), "quota", WHOLE, LONG, "Perplexity reports"),
    # --- Ollama, LM Studio, vLLM and other local servers ---
    (429, {}, {"error": "you (seppe) have reached your weekly usage limit, upgrade for higher limits: https://ollama.com/upgrade or add extra usage: https://ollama.com/settings (ref: 1)"}, "quota", WHOLE, LONG, "NousResearch/hermes-agent#68832"),
    (503, {}, {"error": "Server overloaded, please retry shortly (ref: aaa65c70)"}, "overload", ONE, SOON_S, "ollama/ollama#15934"),
    (503, {}, {"error": "server busy, please try again.  maximum pending requests exceeded"}, "overload", ONE, SOON_S, "Ollama FAQ"),
    (500, {}, openai("model requires more system memory (24.3 GiB) than is available (11.2 GiB)", "api_error"), "model", ONE, LONG, "Ollama reports"),
    (403, {}, {"error": "this model requires a subscription, upgrade for access: https://ollama.com/upgrade"}, "model quota", EITHER, LONG, "Ollama reports"),
    (401, {}, {"error": "you need to be signed in to Ollama to run Cloud models."}, "auth", WHOLE, "cleared", "Ollama reports"),
    (404, {}, openai("No models loaded. Please load a model in the developer page or use the `lms load` command.", "invalid_request_error", "model_not_found"), "model", ONE, LONG, "lmstudio-ai/lmstudio-bug-tracker"),
    (400, {}, {"error": "Model is unloaded."}, "model server overload", EITHER, "any", "lmstudio-ai/lmstudio-bug-tracker#1492"),
    (400, {}, {"error": "Failed to load model \"qwen/qwen4-235b\". Error: Model loading was stopped due to insufficient system resources. Under the current settings, this model requires approximately 140.00 GB of memory."}, "model", ONE, LONG, "lmstudio-ai/lmstudio-bug-tracker#1562"),
    (400, {}, {"error": "Error rendering prompt with jinja template: \"Error: Cannot call something that is not a function: got UndefinedValue\"."}, "unsupported", None, "any", "odysseus-dev/odysseus#736"),
    (503, {}, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, "overload server", EITHER, SOON_S, "llama.cpp server"),
    (500, {}, {"object": "error", "message": "EngineCore encountered an issue. See stack trace (above) for the root cause.", "type": "InternalServerError", "param": None, "code": 500}, "server", WHOLE, SOON_S, "vllm-project/vllm reports"),
    (503, {}, {"object": "error", "message": "The request queue is full.", "type": "ServiceUnavailableError", "code": 503}, "overload", ONE, SOON_S, "SGLang reports"),
    # --- LiteLLM ---
    (401, {}, openai("Authentication Error, LiteLLM Virtual Key expected. Received=sk-..., expected to start with 'sk-'.", "auth_error", "401"), "auth", WHOLE, "cleared", "BerriAI/litellm reports"),
    (400, {}, openai("Authentication Error, Expired Key. Key Expiry time 2026-01-13 14:47:00+00:00 and current time 2026-11-24 12:00:00+00:00", "expired_key", "400"), "auth", WHOLE, "cleared", "BerriAI/litellm reports"),
    # --- pages and proxies ---
    (520, {}, page("api.anthropic.com | 520: Web server is returning an unknown error", "Cloudflare Ray ID: 9"), "server", WHOLE, SOON_S, "anthropics/claude-code#3197"),
    (521, {}, page("api.x.ai | 521: Web server is down", "Cloudflare"), "server", WHOLE, SOON_S, "Cloudflare 5xx errors"),
    (524, {}, "error code: 524", "server timeout", WHOLE, SOON_S, "Cloudflare 5xx errors"),
    (530, {}, "error code: 1033", "server network", WHOLE, SOON_S, "Cloudflare 1xxx errors"),
    (429, {}, "error code: 1015", "windowless rate", EITHER, SOON_S, "Cloudflare 1xxx errors"),
    (403, {}, "error code: 1020", "server account", WHOLE, (30, 7200), "Cloudflare 1xxx errors"),
    (403, {}, page("Attention Required! | Cloudflare", "Why have I been blocked? This website is using a security service to protect itself from online attacks."), "server", WHOLE, (30, 7200), "Kilo-Org/kilocode#162"),
    (413, {}, page("413 Request Entity Too Large", "nginx/1.24.0"), "unsupported", None, "any", "nginx client_max_body_size"),
    (404, {}, page("404 Not Found", "nginx/1.24.0"), "address", WHOLE, "cleared", "a wrong base URL"),
    (503, {}, page("503 Service Temporarily Unavailable", "nginx"), "overload server", EITHER, SOON_S, "nginx"),
    (403, {}, page("Internet Security by Zscaler", "Sorry, you don't have permission to visit this site."), "server", WHOLE, (30, 7200), "a company's proxy"),
]  # fmt: skip

REQUESTS: list[tuple[int | None, Any, str]] = [
    (400, anthropic("invalid_request_error", "Claude Code is unable to respond to this request, which appears to violate our Usage Policy (https://www.anthropic.com/legal/aup). Please double press esc to edit your last message."), "anthropics/claude-code reports"),
    (400, google(400, "INVALID_ARGUMENT", "* GenerateContentRequest.contents[2].parts[0].data: required oneof field 'data' must have one initialized field\n"), "snailyp/gemini-balance#196"),
    (400, openai("Invalid 'messages[3].tool_calls[0].id': string too long. Expected a string with maximum length 40, but got a string with length 64 instead.", "invalid_request_error", "string_above_max_length", "messages[3].tool_calls[0].id"), "OpenAI reports"),
    (400, google(400, "INVALID_ARGUMENT", "The input token count (134123) exceeds the maximum number of tokens allowed (131072)."), "google-gemini/gemini-cli#12214"),
    (None, {"id": "c1", "object": "chat.completion.chunk", "choices": None, "error_type": "BadRequestError", "error_message": "This model's maximum context length is 131072 tokens. However, your messages resulted in 140213 tokens."}, "NousResearch/hermes-agent#65738"),
    (400, {"error": "Trying to keep the first 24137 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input"}, "lmstudio-ai/lmstudio-bug-tracker"),
    (400, anthropic("invalid_request_error", "messages: text content blocks must be non-empty"), "anthropics/claude-code reports"),
    (400, {"message": "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096."}, "RooCodeInc/Roo-Code#248"),
]  # fmt: skip


def at(month: int, day: int, hour: int) -> int:
    """Seconds to that moment (UTC)."""
    return int((datetime(2026, month, day, hour, tzinfo=UTC) - NOW).total_seconds())


# word, what the agent printed, status, classes, seconds of rest
REPORTED: list[tuple[str, str, int | None, str, Any]] = [
    ("rate_limit","You've hit your limit · resets 6:30pm (Asia/Calcutta)",None,"quota rate",3600),
    ("rate_limit","You've hit your limit · resets Nov 26, 7pm (Asia/Riyadh)",None,"quota rate",at(11,26,16)),
    ("rate_limit","5-hour limit reached ∙ resets 3pm (Europe/London)",None,"quota",3*3600),
    ("rate_limit","Limit reached · resets Nov 27, 5am (Asia/Tokyo) · /upgrade",None,"quota",at(11,26,20)),
    ("rate_limit","You've reached your Fable 5 limit. Run /model to switch models or wait until Nov 26 at 3pm (UTC)",None,"quota",at(11,26,15)),
    ("rate_limit",'API Error: 429 {"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your account\'s rate limit. Please try again later."},"request_id":"req_1"}',429,"rate","any"),
    ("rate_limit","API Error: Request rejected (429) · Too many tokens per day, please wait before trying again.",429,"quota","any"),
    ("unknown","API Error: 400 This organization has been disabled.",400,"account","cleared"),
    ("authentication_failed","Your organization has disabled Claude subscription access for Claude Code · Use an Anthropic API key instead, or ask your admin to enable access",403,"account auth","cleared"),
    ("billing_error","Credit balance is too low · Add funds: https://platform.claude.com/settings/billing",400,"quota","cleared"),
    ("authentication_failed","Invalid API key · Please run /login",401,"auth","cleared"),
    ("authentication_failed","Not logged in · Please run /login",None,"auth","cleared"),
    ("invalid_request","Prompt is too long",400,"context","any"),
    ("unknown","API Error: Rate limit reached",None,"rate","any"),
    ("server_error","API Error: Server is temporarily limiting requests (not your usage limit)",None,"rate overload server","any"),
    ("overloaded","Repeated 529 Overloaded errors · The API is at capacity — this is usually temporary. Try again in a moment. If it persists, check status.claude.com",529,"overload","any"),
    ("unknown","There's an issue with the selected model (claude-x). It may not exist or you may not have access to it. Run /model to pick a different model.",404,"model","any"),
    ("unknown","Selected model is at capacity. Please try a different model.",None,"overload","any"),
    ("response_stream_disconnected","stream disconnected before completion: Rate limit reached for gpt-6 in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 3.5s. Visit https://platform.openai.com",None,"rate",4),
    ("response_too_many_failed_attempts","exceeded retry limit, last status: 429 Too Many Requests, request id: abc",429,"rate","any"),
    ("unauthorized","unexpected status 401 Unauthorized: Missing bearer or basic authentication in header",401,"auth","cleared"),
    ("usage_limit_exceeded","You've hit your usage limit. To get more access now, send a request to your admin or try again at 2:38 PM.",None,"quota",2*3600+38*60),
    ("usage_limit_exceeded","Your workspace is out of credits. Ask your workspace owner to refill in order to continue.",None,"quota","cleared"),
    ("usage_limit_exceeded","Quota exceeded. Check your plan and billing details.",None,"quota","any"),
    ("other","To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.",None,"quota account","any"),
    ("unauthorized","Your access token could not be refreshed because your refresh token was already used. Please log out and sign in again.",None,"auth","cleared"),
    ("server_overloaded","We're currently experiencing high demand, which may cause temporary errors.",None,"overload","any"),
    ("unknown","Free usage exceeded, subscribe to Go https://opencode.ai/go",None,"quota","any"),
    ("unknown","Insufficient balance. Manage your billing here: https://opencode.ai/workspace/wrk_1/billing",None,"quota","cleared"),
    ("unknown","AI_RetryError: Failed after 3 attempts. Last error: Too Many Requests",None,"rate","any"),
    ("unknown","5-hour usage limit reached. It will reset in 2 hours 45 minutes. To continue using this model now, enable usage from your available balance",None,"quota",2*3600+45*60),
    ("unknown","Weekly usage limit reached. It will reset in 3 days. To continue now, enable usage from your available balance",None,"quota",3*86400),
    ("unknown","Monthly usage limit reached. Your limit resets in 12 days.",None,"quota",12*86400),
    ("unknown","[403]: You have exceeded your premium request allowance. We have automatically switched you to GPT-4.1",403,"quota","any"),
    ("unknown","Your subscription quota limit has been reached. Resets Friday at 9am (UTC)",None,"quota",at(11,27,9)),
    ("unknown","You have consumed all of your plan's allowance for this week",None,"quota","any"),
    ("unknown","Model gpt-x was retired",404,"model","any"),
    ("unknown","Your team is out of its monthly allocation",403,"quota","any"),
]  # fmt: skip


def answer(status: int | None, headers: dict[str, str], body: Any) -> Any:
    if isinstance(body, str):
        return read(status, headers, body)  # type: ignore[arg-type]
    return read(status, headers, json.dumps(body, ensure_ascii=False))  # type: ignore[arg-type]


@pytest.mark.parametrize(("status", "headers", "body", "kinds", "scope", "rest", "source"), rows(CASES))
def test_the_next_provider_is_asked_and_the_right_one_rests(
    status: int | None, headers: dict[str, str], body: Any, kinds: str, scope: Any, rest: Any, source: str
) -> None:
    failure = answer(status, headers, body)

    assert failure.kind in kinds.split()
    assert failure.failover
    assert failure.scope in (scope if isinstance(scope, tuple) else (scope,))
    assert rests_as_wanted(failure, rest), failure.until


@pytest.mark.parametrize(("status", "body", "source"), rows(REQUESTS))
def test_what_is_about_the_request_benches_nobody(status: int | None, body: Any, source: str) -> None:
    failure = answer(status, {}, body)

    assert failure.kind in ("request", "context", "unsupported")
    assert failure.scope is None


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"resetsAt": (EPOCH + 5400) * 1000}, 5400),
        ({"reset_at": "2026-11-24T13:30:00Z"}, 5400),
        ({"resetTime": "2026-11-24T15:30:00+02:00"}, 5400),
        ({"next_reset_time": "2026-11-24T13:30:00Z"}, 5400),
        ({"nextFlushTime": (EPOCH + 5400) * 1000}, 5400),
        ({"quota_reset_at": "2026-11-24T13:30:00Z"}, 5400),
        ({"metadata": {"headers": {"X-RateLimit-Reset": str((EPOCH + 5400) * 1000)}}}, 5400),
        ({"reset_in": "1h30m"}, 5400),
        ({"retry_after_ms": 90000}, 90),
        ({"retryAfterMs": "90000"}, 90),
        ({"retryAfterSeconds": 90}, 90),
        ({"seconds_until_reset": 90}, 90),
        ({"time_until_reset": "90"}, 90),
        ({"details": [{"retryDelay": "90.5s"}]}, 90.5),
    ],
)
def test_the_end_in_a_field_of_the_body(fields: dict[str, Any], seconds: float) -> None:
    failure = answer(429, {}, {"error": {"message": "Rate limit exceeded", **fields}})

    assert rests_as_wanted(failure, seconds), failure.until


@pytest.mark.parametrize(("word", "text", "status", "kinds", "rest"), REPORTED, ids=range(len(REPORTED)))
def test_what_an_agent_prints_has_its_class_and_its_end(
    word: str, text: str, status: int | None, kinds: str, rest: Any
) -> None:
    failure = classify_agent_error(word, text, NOW, meanings=MEANINGS, status=status, model="claude-opus-5-5")

    assert failure.kind in kinds.split()
    assert rests_as_wanted(failure, rest), failure.until
