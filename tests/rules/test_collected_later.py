"""A fourth harvest: error answers that were collected or written after the rules were mended for the third."""

# ruff: noqa: E501 - wordings stay on one line, as they came

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.test_collected_answers import (
    ANY,
    CLEARED,
    EITHER,
    LONG,
    NOBODY,
    ONE,
    SOON_S,
    WHOLE,
    Group,
    coded,
    means,
    rows,
)


def said(sentence: str) -> dict[str, Any]:
    """A sentence in the commonest shape."""
    return {"error": {"message": sentence}}


SECOND: list[Group] = [
    # --- Baidu Qianfan ---
    ("quota", EITHER, LONG, [(429, {"error_code": 17, "error_msg": "Open api daily request limit reached"})]),
    ("rate windowless", EITHER, SOON_S, [
        (429, {"error_code": 18, "error_msg": "Open api qps request limit reached"}),
        (429, {"error_code": 4, "error_msg": "Open api request limit reached"}),
    ]),
    ("auth", WHOLE, CLEARED, [
        (403, {"error_code": 110, "error_msg": "Access token invalid or no longer valid"}),
        (401, {"error_code": 14, "error_msg": "IAM Certification failed"}),
    ]),
    ("auth account", WHOLE, CLEARED, [(403, {"error_code": 6, "error_msg": "No permission to access data"})]),
    ("overload server", EITHER, SOON_S, [(503, {"error_code": 2, "error_msg": "Service temporarily unavailable"})]),
    ("request", NOBODY, ANY, [
        (400, coded("malformed_json", "Invalid Argument", "invalid_request_error")),
        (400, coded("invalid_model", "model is empty", "invalid_request_error")),
    ]),
    ("context", NOBODY, ANY, [
        (400, coded("characters_too_long", "the max input characters is 20000", "invalid_request_error")),
        (400, coded("tokens_too_long", "Prompt tokens too long", "invalid_request_error")),
    ]),
    # --- gateways: AiHubMix, TokenDog, BytePower, Persly, CLIProxyAPI ---
    ("model", EITHER, LONG, [
        (503, said("Incorrect model ID. Please request to view the model page or you do not have permission to use this model")),
        (403, said("Forbidden – key(abc123) not authorized to access the requested model.")),
        (403, said("API Key 不允许使用该模型")),
        (400, said("unknown provider for model gpt-5.1-codex-max-xhigh")),
    ]),
    ("rate windowless overload", EITHER, SOON_S, [
        (503, said("Rate limited by provider – contact support to request higher concurrency or try again later.")),
        (429, said("The gpt-6 model Too many requests; please try again later.")),
        (400, {"error": {"error_type": "err_rate_limited", "message": "xxxxx"}}),
        (429, said("Max parallel request limit reached Rate limit: 5")),
        (429, ""),
    ]),
    ("rate", EITHER, 1768, [(429, {"error": {"code": "model_cooldown", "message": "All credentials for model gemini-claude-sonnet-4-5-thinking are cooling down via provider antigravity", "model": "gemini-claude-sonnet-4-5-thinking", "provider": "antigravity", "reset_seconds": 1768, "reset_time": "29m28s"}})]),
    ("account auth", WHOLE, CLEARED, [
        (403, said("Account suspended.")),
        (403, said("Forbidden – insufficient permissions.")),
        (403, said("Forbidden – key(abc123) allowed only from approved IP ranges.")),
        (403, said("该令牌只能在指定网段使用")),
        (403, said("普通用户不支持指定渠道")),
        (403, coded("organization_suspended", "Your organization has been suspended", "permission_error")),
        (403, {"message": "Your User ID (d-1) temporarily is suspended. We've locked it as a security precaution. To restore access, please contact our support team.", "reason": "TEMPORARILY_SUSPENDED"}),
        (403, said("Codex access denied - account may need verification")),
        (403, said("Your project has been denied access. Please contact support.")),
        (403, said("您的帳號尚未通過驗證")),
        (403, said("계정이 정지되었습니다")),
        (403, said("Доступ из вашей страны запрещён")),
    ]),
    ("account model auth", EITHER, ANY, [(403, said("Forbidden – channel has been disabled."))]),
    ("account auth model", EITHER, LONG, [(403, {"message": "User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/x because no identity-based policy allows the bedrock:InvokeModel action"})]),
    ("account", WHOLE, ANY, [(451, "Unavailable for legal reasons")]),
    ("auth", WHOLE, CLEARED, [
        (401, said("Unauthorized – no access token supplied; please log in and include a valid token.")),
        (401, {"error": "API key 无效或已停用", "code": "api_key_invalid"}),
        (400, {"error": {"error_type": "err_auth_failed", "message": "xxxxx"}}),
        (403, said("Sua chave de API foi revogada")),
        (401, said("Zugangstoken abgelaufen")),
        (400, said("Ongeldige API-sleutel")),
        (400, said("Nieprawidłowy klucz API")),
        (400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***. You can obtain an API key from https://console.x.ai."}),
    ]),
    ("request", NOBODY, ANY, [
        (400, coded("sensitive_words_detected", "sensitive words detected")),
        (400, coded("prompt_blocked", "user prompt blocked")),
        (400, {"error": {"error_type": "err_safety_breach", "message": "xxxxx"}}),
        (400, said("Ungültiges JSON im Anfragetext")),
        (400, said("不適切なコンテンツが検出されました")),
        (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "messages.1.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."}}),
        (400, said("Missing required parameter: 'messages'.")),
        (400, said("Unable to process input image. Please retry or report.")),
    ]),
    ("request unsupported", NOBODY, ANY, [
        (400, said("请求参数错误：temperature 超出范围")),
        (400, said("Paramètre inconnu : reasoning_effort")),
        (400, said("max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for claude-opus-5-5")),
        (400, {"error": {"message": "Invalid value: 'xhigh'. Supported values are: 'low', 'medium', and 'high'.", "type": "invalid_request_error", "param": "reasoning.effort", "code": "invalid_value"}}),
        (400, coded(400, "Please ensure that function call turn comes immediately after a user turn or after a function response turn.")),
        (400, {"code": "Client specified an invalid argument", "error": "Model grok-4 does not support parameter presencePenalty."}),
    ]),
    ("overload model server", EITHER, (0, 43_300), [
        (503, coded("get_channel_failed", "get channel failed")),
        (500, coded("channel:no_available_key", "no keys available")),
        (500, said("CUDA out of memory. Tried to allocate 2.00 GiB")),
    ]),
    ("server overload", EITHER, SOON_S, [
        (500, coded("empty_response", "upstream returned empty response")),
        (500, said("An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting")),
        (503, said("The service is temporarily unable to process your request. Please try again later.")),
        (503, said("Service momentanément indisponible, réessayez dans 2 minutes")),
        (503, said("当前使用人数较多，请稍后再试")),
        (526, "<html><head><title>api.x.ai | 526: Invalid SSL certificate</title></head><body>Cloudflare</body></html>"),
    ]),
    # --- money and plans ---
    ("quota", EITHER, LONG, [
        (400, {"error": {"error_type": "err_insufficient_balance", "message": "xxxxx"}}),
        (400, {"error": {"error_type": "ai_free_limit", "message": "xxxxx"}}),
        (429, coded("spending_limit_exceeded", "Monthly spending limit reached", "rate_limit_error")),
        (402, coded("quota_exceeded", "Free tier credits are exhausted", "insufficient_quota")),
        (429, {"message": "quota exhausted on AmazonQ"}),
        (429, {"message": "Monthly request limit reached"}),
        (402, said("Fondos insuficientes")),
        (429, said("Hai raggiunto il limite giornaliero di richieste")),
        (429, said("Quota mensuel dépassé")),
        (403, said("余额已用完，请前往控制台充值")),
        (429, said("Превышен дневной лимит токенов")),
    ]),
    ("quota account", WHOLE, LONG, [
        (500, {"error": {"details": {"status_code": 412, "message": "Account amd-1 is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices"}, "message": "cloud (fireworks) request failed"}}),
        (403, said("GitHub Copilot not enabled for this account")),
    ]),
    ("quota", WHOLE, 43_200, [(429, said("Tageslimit erreicht, wieder ab 00:00 Uhr"))]),
    ("quota", WHOLE, (4.9 * 86_400, 6 * 86_400), [(429, said("您的周额度已用完，将于 2026-11-30 00:00:00 重置"))]),
    ("quota", WHOLE, 75_600, [(429, said("1日の無料枠を使い切りました。明日9時にリセットされます"))]),
    ("quota model", EITHER, LONG, [(403, said("Acceso denegado: su plan no incluye este modelo"))]),
    ("quota rate windowless", EITHER, ANY, [(429, {"message": "You have reached the limit. Request ID: 1afcbcf5-67af-44f0-ab55-c1dd246122b7"})]),
    ("rate", EITHER, 15, [(429, said("Ratenlimit überschritten, bitte in 15 Sekunden erneut versuchen"))]),
    ("rate", EITHER, 10, [(429, said("요청이 너무 많습니다. 10초 후 다시 시도하세요"))]),
    # --- models ---
    ("model", ONE, LONG, [
        (404, said("Modelo gpt-9 não encontrado")),
        (403, said("Dein Tarif enthält dieses Modell nicht")),
        (404, said("模型已下线")),
        (404, said("指定されたモデルは存在しません")),
    ]),
    ("model address", EITHER, ANY, [(404, coded(404, "Requested entity was not found."))]),
    # --- too long ---
    ("context", NOBODY, ANY, [
        (400, {"error": {"error_type": "err_prompt_exceeded", "message": "xxxxx"}}),
        (400, said("提示词过长，最多支持 131072 个 token")),
        (400, said("Слишком длинный запрос: контекст превышен")),
        (422, said("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 4500 `inputs` tokens and 512 `max_new_tokens`")),
    ]),
    # --- pages and proxies ---
    ("server", WHOLE, (30, 7200), [
        (403, '<!doctype html><meta charset="utf-8"><meta name=viewport content="width=device-width, initial-scale=1"><title>403</title>403 Forbidden'),
        (407, "<html><head><title>407 Proxy Authentication Required</title></head><body>Access to the requested resource requires authentication</body></html>"),
        (403, "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access \"http&#58;&#47;&#47;api\" on this server.<P>Reference&#32;&#35;18&#46;4d</BODY></HTML>"),
    ]),
    ("server address", WHOLE, ANY, [(400, "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head><body><center>nginx</center></body></html>")]),
    ("address", WHOLE, CLEARED, [
        (404, {"timestamp": "2026-11-24T12:00:00.000+00:00", "status": 404, "error": "Not Found", "path": "/v1/v1/messages"}),
        (405, {"detail": "Method Not Allowed"}),
    ]),
]  # fmt: skip


# Collected and written when the rules had been mended for SECOND.
THIRD: list[Group] = [
    # --- pools, editors, clouds ---
    ("quota rate windowless overload", EITHER, ANY, [
        (429, said("No granted Anthropic subscription account is currently available.")),
        (429, said("All available accounts exhausted")),
    ]),
    ("rate quota overload", EITHER, 16, [(503, coded("all_accounts_limited", "【网关调度受限】当前请求无法完成 调度详情: All accounts limited. Wait 16s."))]),
    ("rate quota overload", EITHER, 60, [(503, said("No account can serve this request for claude-fable-5: all 2 accounts (1 more disabled) are at their quota or rate limit. Quota resets in 60s."))]),
    ("quota account model", EITHER, LONG, [(403, said("You must subscribe to a plan in order to use models provided by Zed. Please visit https://zed.dev/account to start your trial, or select another model provider."))]),
    ("quota account", WHOLE, LONG, [(400, coded("InvalidSubscription", "Your account (21) does not have a valid coding plan subscription, or your subscription has expired. Please visit https://console to review your subscription status or complete the subscription or renewal process.", "Forbidden"))]),
    ("quota", EITHER, LONG, [
        (429, said("I'm sorry, I can't complete that request. You've reached the monthly token limit. Your token limit resets on March 17.")),
        (429, {"error": {"errorCode": "400", "message": "Quota Exceeded", "details": "Quota exceeded."}}),
        (429, said("workspace billing cycle spend limit reached")),
        (403, said("Your complimentary usage is finished; buy a plan to go on")),
        (429, said("This key's lifetime budget of $50 was fully consumed")),
        (403, said("Abbonamento scaduto")),
        (403, said("Suscripción inactiva: actualice su método de pago")),
        (403, said("会员已过期，请续费")),
        (429, said("本周用量已达上限，下周一重置")),
        (403, said("利用可能なクレジットがありません")),
        (402, said("Zahlung erforderlich")),
        (429, said("Лимит сообщений на сегодня исчерпан")),
    ]),
    ("rate windowless", EITHER, SOON_S, [
        (429, said("You are exceeding your current quota for the requested model, calculated in requests per minute.")),
        (429, {"error": {"errorCode": "410", "message": "Throttle Limited", "details": "Rate exceeded."}}),
        (429, said("请求速率超限，请降低调用频率")),
        (400, said("每分钟请求数超过限制")),
        (403, said("短時間に多くのリクエストが送信されました")),
    ]),
    ("rate", EITHER, 20, [(429, said("Doucement ! Trop de requêtes, patientez 20 secondes"))]),
    ("overload server rate windowless", EITHER, SOON_S, [
        (503, said("The LLM is currently unavailable.")),
        (503, {"error": {"errorCode": "500", "message": "Endpoint Error", "details": "Endpoint connection error."}}),
        (503, said("Servidor saturado, intente más tarde")),
        (529, said("服务过载")),
        (500, said("Внутренняя ошибка сервера")),
        (502, said("Die Gegenstelle antwortet nicht")),
        (429, said("Wir sind gerade überlastet. Bitte in einer Minute erneut versuchen.")),
    ]),
    ("overload model", EITHER, (0, 43_300), [(503, said("No available accounts: no available accounts"))]),
    # --- the key, the account ---
    ("auth", WHOLE, CLEARED, [
        (401, {"error": {"errorCode": "210", "message": "Permission Denied", "details": "Permission denied."}}),
        (401, said("L'en-tête d'autorisation est manquant")),
        (400, said("API-Schlüssel fehlt")),
        (400, said("缺少API密钥")),
        (403, said("Токен недействителен")),
        (400, said("The supplied x-api-key header is empty")),
    ]),
    ("account", WHOLE, CLEARED, [
        (400, coded("AccountBlacklist", "Account blacklist restrictions, please submit a work order to contact customer service for processing.")),
        (400, coded("AccountStatusIllegal", "The account status is illegal.")),
        (403, said("Su cuenta ha sido suspendida por incumplimiento")),
        (403, said("このサービスはお住まいの地域では利用できません")),
        (403, said("您所在的地区不支持此服务")),
    ]),
    ("account auth", WHOLE, CLEARED, [(403, said("Complete your organization's onboarding before using the API"))]),
    # --- models, addresses ---
    ("model", ONE, LONG, [
        (404, said("Il modello richiesto non esiste")),
        (400, said("该模型暂未开放")),
        (403, said("このモデルを利用する権限がありません")),
        (400, said("model alias 'smart' is not mapped to anything")),
        (403, said("The selected model is reserved for enterprise customers")),
    ]),
    ("model address", EITHER, ANY, [(404, said("Deployment 'opus' could not be located in this region"))]),
    ("model request", (*ONE, *NOBODY), ANY, [(422, {"title": "Invalid version or not permitted", "detail": "The specified version does not exist (or perhaps you don't have permission to use it?)", "status": 422})]),
    ("address", WHOLE, CLEARED, [(404, {"error": "Route Not Found", "status": 404, "message": "route not found"})]),
    # --- the request ---
    ("request", NOBODY, ANY, [
        (400, {"code": 5, "message": "scope is empty"}),
        (400, said("La requête contient du contenu inapproprié")),
        (400, said("内容审核未通过")),
        (400, said("JSON parse error: unexpected end of input")),
        (400, said("Expected 'messages' to be an array")),
        (400, said("Das Feld 'messages' darf nicht leer sein")),
        (400, said("Prompt was rejected because it may be used for cyber abuse")),
    ]),
    ("request unsupported", NOBODY, ANY, [
        (400, said("role 'developer' cannot follow 'tool'")),
        (400, said("image 2 is larger than 8000x8000 pixels")),
        (400, said("Función 'tools' no disponible para este modelo")),
        (400, said("thinking.budget_tokens isn't a thing here")),
        (400, said("此模型不支持图片输入")),
        (400, said("logit_bias was dropped in v2")),
    ]),
    ("context", NOBODY, ANY, [
        (400, coded("OutofContextError", "Total tokens of image and text exceed max message tokens.", "BadRequest")),
        (400, said("Contexto demasiado largo: 250000 tokens")),
        (400, said("入力トークン数が上限を超えました")),
        (400, said("请求超出最大上下文 128k")),
        (413, said("Your request of 212k tokens is over the 200k this deployment can take")),
    ]),
]  # fmt: skip

# Collected when the rules had been mended for THIRD.
FOURTH: list[Group] = [
    ("quota account", WHOLE, LONG, [(403, said("Wallet suspended. Contact support to restore access"))]),
    ("auth quota account", WHOLE, LONG, [(401, {"error": "Authentication failed - Pro subscription is inactive. Please upgrade your subscription to continue using the API"})]),
    ("auth", WHOLE, CLEARED, [
        (401, {"error": "Invalid Sign-in-with-x signature"}),
        (403, {"error": {"code": "NotAuthorized", "message": "User not authorized"}}),
    ]),
    ("model auth", EITHER, LONG, [(401, {"error": "This model is only available to Pro users"})]),
    ("quota", EITHER, LONG, [
        (402, {"error": "API key DIEM spend limit exceeded. Your account may still have DIEM balance, but this API key has reached its configured DIEM spending limit."}),
        (412, {"error": {"message": "Budget exhausted", "type": "budget_exhausted"}}),
        (412, {"status": "failure", "message": "Portkey Error: Usage limits exceeded for the virtual key. Please contact your admin."}),
        (422, {"error": {"message": "Budget has been exceeded! Current cost: 10.2, Max budget: 10.0", "type": "budget_exceeded"}}),
        (429, {"errors": [{"code": "token_quota_reached", "message": "The token quota for this plan instance has been reached for the current billing period."}]}),
        (402, {"code": "organization_credit_exhausted", "message": "Organization credit exhausted"}),
        (429, said("No accounts available with quota for model: gemini-3-pro-image")),
    ]),
    ("rate windowless", EITHER, SOON_S, [
        (429, {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "Exceeded workspace input tokens per minute rate limit for databricks-claude-sonnet-4-5. Please contact your Databricks representative."}),
        (429, {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "There are already 5 active runs (limit: 5)."}),
        (429, said("Workspace X exceeded the concurrent limit of 20 requests.")),
        (400, {"error": "invalid_request", "error_description": "Temporarily throttled, too many requests"}),
        (403, said("REQUEST_LIMIT_EXCEEDED: GetUserPermissionsRequest RPC token bucket limit has been exceeded.")),
    ]),
    ("model unsupported", (*ONE, *NOBODY), ANY, [
        (400, {"errors": [{"code": "model_no_support_for_function", "message": "Model 'ibm/granite-13b-chat-v2' does not support function 'function_text_chat'"}], "status_code": 400}),
        (404, {"errors": [{"code": "model_not_supported", "message": "Model 'meta-llama/llama-3-1-70b-instruct' is not supported for this environment"}], "status_code": 404}),
    ]),
    ("request", NOBODY, ANY, [
        (400, {"error": "Your generation was blocked due to the model provider's content policies. Credits have been refunded.", "credits_refunded": True}),
        (400, {"error": "Invalid request parameters", "details": {"_errors": [], "messages": {"_errors": ["Field is required"]}}, "issues": []}),
        (400, {"message": "invalid message role sequence"}),
        (446, {"error": {"message": "The guardrail checks defined in the config failed. You can find more information in the `hook_results` object.", "type": "hooks_failed"}}),
    ]),
    ("context", NOBODY, ANY, [(400, {"error": {"message": "Your request exceeds the model's maximum context. Please reduce your prompt or completion length.", "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded"}})]),
    ("timeout server", WHOLE, SOON_S, [(408, {"error": {"message": "Request exceeded the timeout sent in the request: 10000ms", "type": "timeout_error"}})]),
]  # fmt: skip


@pytest.mark.parametrize(("kinds", "scopes", "rest", "status", "body"), rows(SECOND + THIRD + FOURTH))
def test_an_answer_collected_later_means_what_its_users_want(
    kinds: str, scopes: tuple[str | None, ...], rest: Any, status: int, body: Any
) -> None:
    means(status, body, kinds, scopes, rest)
