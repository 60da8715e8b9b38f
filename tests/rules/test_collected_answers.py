"""A third harvest of error answers, in the words vendors, gateways and proxies use in seven languages.

Read in public issues, error pages and sources on 2026-11-30; what each row wants was written before it was run.
"""

# ruff: noqa: E501 - wordings stay on one line, as they came

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.test_answers_in_the_wild import read, rests_as_wanted

SOON_S, LONG, CLEARED, ANY = (0, 300), "named-or-long", "cleared", "any"
WHOLE, ONE, EITHER, NOBODY = ("provider",), ("model",), ("provider", "model"), (None,)

Group = tuple[str, tuple[str | None, ...], Any, list[tuple[int, Any]]]


def coded(code: str | int, message: str, kind: str | None = None) -> dict[str, Any]:
    """A vendor's object with a code of its own."""
    return {"error": {"code": code, "message": message, **({"type": kind} if kind else {})}}


def worker(code: int, message: str) -> dict[str, Any]:
    """An answer of Cloudflare's Workers AI."""
    return {
        "errors": [{"message": f"AiError: {message}", "code": code}],
        "success": False,
        "result": {},
        "messages": [],
    }


def raw(text: str, code: int = 400) -> dict[str, Any]:
    """OpenRouter's wrapping of an upstream's sentence."""
    return {
        "error": {
            "message": "Provider returned error",
            "code": code,
            "metadata": {"raw": text, "provider_name": "BaseTen"},
        }
    }


FIRST: list[Group] = [
    # --- money ---
    ("quota", WHOLE, LONG, [
        (402, {"message": "You have reached the limit.", "reason": "MONTHLY_REQUEST_COUNT"}),
        (402, "budget full Quetta has been exhausted please ask an administrator to increase the limit or select another budget pool."),
        (403, {"code": "permission-denied", "error": "Your newly created team doesn't have any credits or licenses yet. You can purchase those on https://console.x.ai/team/481c7584."}),
        (403, {"code": "personal-team-blocked:spending-limit", "error": "You have run out of credits or need a Grok subscription. Add credits at https://grok.com/?_s=usage or upgrade at https://grok.com/supergrok"}),
        (403, {"code": "INSUFFICIENT_BALANCE", "message": "Insufficient account balance"}),
        (402, "Insufficient balance. Required: 5 credits, available: 0"),
        (403, coded("", "该令牌额度已用尽 TokenStatusExhausted[sk-abc***xyz] (request id: 2026)", "new_api_error")),
        (401, coded("", "该令牌额度已用尽 (request id: 2026)", "new_api_error")),
        (403, coded("pre_consume_token_quota_failed", "Le quota de ce jeton est épuisé TokenStatusExhausted[sk-abc***xyz]", "new_api_error")),
        (403, coded("", "このトークンのクォータは使い果たされました TokenStatusExhausted[sk-abc***xyz]", "new_api_error")),
        (403, coded("", "ユーザークォータが不足しています。残りクォータ: $0.00", "new_api_error")),
        (403, coded("", "サブスクリプションクォータが不足しているか、サブスクリプションが設定されていません: none", "new_api_error")),
        (403, coded("", "Quota insuffisant", "new_api_error")),
        (402, {"error": "Kostenloses Kontingent aufgebraucht", "code": "limit_reached"}),
        (402, {"error": "payment_required", "message": "AI-Kontingent aufgebraucht."}),
        (403, coded("OperationDenied.ServiceOverdue", "Operation is denied because your account balance is overdue, please go to the Volc Trading Center to recharge in order to continue using the service.", "Forbidden")),
        (403, {"error": {"message": "Your account org-e1<ak-1> is not active, organization <org-e1> exceeded current quota, please check your plan and billing details", "type": "exceeded_current_quota_error"}}),
        (400, coded(400, "ExceededBudget: End User=ishaan3 over budget. Spend=0.0008869999, Budget=0.0001", "budget_exceeded")),
        (400, {"error": {"message": "ExceededBudget: User=u1 over budget"}}),
        (402, {"error": "NOT_ENOUGH_BALANCE"}),
        (429, coded("user_quota_exhausted", "user quota exhausted")),
        (429, coded("organization_token_quota_exhausted", "Le quota de jetons de l'organisation est épuisé")),
        (403, coded(403, "No usable credits. Top up your credits to continue.")),
        (400, coded(400, "You have run out of funds on this account")),
        (402, {"error": {"code": "balance_depleted", "message": "Balance depleted"}}),
        (403, {"error": {"message": "Your request was rejected: the budget pool 'research' has no balance left."}}),
        (429, {"message": "API quota exceeded"}),
    ]),
    ("quota account", WHOLE, LONG, [
        (412, coded("PRECONDITION_FAILED", "Account kovtcharov-1 is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices. Please go to https://fireworks.ai/account/billing")),
        (429, coded("rate_limit_exceeded", "Free credits temporarily have restricted access due to abuse. We are working on a resolution. Paid credits continue to have unrestricted access. Read more on how to purchase credits at https://vercel.com/docs/ai-gateway/pricing")),
        (401, {"error_code": "ModelArts.81006", "error_msg": "The resource is frozen."}),
    ]),
    # --- windows of a plan ---
    ("quota", WHOLE, LONG, [
        (403, {"error": {"message": "You've reached your weekly (7-day) usage limit. Your quota will reset when the current 7-day window ends. To continue now, purchase extra usage or upgrade your plan: https://www.kimi.com/membership/subscription?tab=quota", "type": "access_terminated_error"}}),
        (403, {"error": {"message": "You've reached your 5-hour usage limit. Your quota will reset when the current 5-hour window ends.", "type": "permission_error"}}),
        (403, {"error": {"type": "permission_error", "message": "You've reached your usage limit for this billing cycle. Please try again after your quota refreshes."}}),
        (403, {"error": {"type": "access_terminated_error", "message": "You've reached your monthly usage limit for this billing cycle"}}),
        (429, {"error": "you (keshav) have reached your session usage limit, please wait or upgrade to continue"}),
        (429, {"error": "you've reached your weekly usage limit, please wait or upgrade to continue"}),
        (429, {"error": "Du hast das heutige Nutzungslimit erreicht. Das Guthaben wird um Mitternacht zurückgesetzt — bis morgen!"}),
        (429, {"error": "Has alcanzado el límite de uso de hoy. Los créditos se renuevan a medianoche — ¡hablamos mañana!"}),
        (429, {"error": "Limite d'utilisation atteinte: 100 appels par jour"}),
        (429, coded("token_quota_exhausted", "You have reached your monthly quota for the gpt-6 model. Please go to Settings to switch to a different model")),
    ]),
    ("quota", WHOLE, 792_000 - 1, [(429, coded("AccountQuotaExceeded", "You have exceeded the monthly usage quota. It will reset at 2026-12-03 23:59:59 +0800 CST."))]),
    ("quota", WHOLE, 10_799, [(429, {"error": {"type": "TooManyRequests", "message": "You have exceeded the 5-hour usage quota. It will reset at 2026-11-24 22:59:59 +0800 CST."}})]),
    ("quota rate", EITHER, 1200, [(429, {"error": "Nutzungslimit erreicht. Wieder verfügbar in 20 Minuten."})]),
    ("quota rate", EITHER, 300, [(429, {"error": "Kurze Pause! Sie haben Ihr Nutzungslimit erreicht. In 5 Minuten geht es weiter."})]),
    ("quota", EITHER, LONG, [
        (401, {"error_code": "ModelArts.81005", "error_msg": "The free quota has been used up."}),
        (429, coded("429", "LiteLLM User: engineer-1, exceeded budget for model=claude-opus-4-8", "budget_exceeded")),
        (429, coded(429, "No deployments available - crossed budget: Exceeded budget for deployment model_name: sonnet, litellm_params.model: x, model_id: y: 0.36300000000000004 >= 1d")),
        (403, coded("OperationDenied.FileQuotaExceeded", "Your account 21 has exhausted its file storage quota. To continue using the service, please delete historical files.")),
    ]),
    # --- rates ---
    ("rate windowless", EITHER, SOON_S, [
        (429, coded("", "Vous avez atteint la limite de requêtes : maximum 60 requêtes en 1 minutes", "new_api_error")),
        (429, coded("", "您已达到请求数限制：1分钟内最多请求60次", "new_api_error")),
        (429, coded("", "您已达到总请求数限制：1分钟内最多请求60次，包括失败次数", "new_api_error")),
        (429, coded("", "リクエスト制限に達しました：1分間で最大60リクエスト", "new_api_error")),
        (429, {"error": "API利用制限に達しました。しばらく待ってから再試行してください。"}),
        (429, coded("1302", "您的账户已达到速率限制，请您控制请求频率")),
        (429, coded("1302", "您当前使用该API的并发数过高，请降低并发，或联系客服增加限额。")),
        (429, {"error_code": "ModelArts.81101", "error_msg": "Too many requests, exceeded rate limit is 60 times per minute."}),
        (429, coded("RateLimitExceeded.EndpointRPMExceeded", "The Requests Per Minute (RPM) limit of the associated endpoint for your account has been exceeded. Request id: 0217", "TooManyRequests")),
        (429, coded("RateLimitExceeded.EndpointTPMExceeded", "The Tokens Per Minute (TPM) limit of the associated endpoint for your account has been exceeded. Request id: 0217", "TooManyRequests")),
        (429, {"message": "You are using a Trial key, which is limited to 20 API calls / minute. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits"}),
        (429, {"message": "Requests per minute limit exceeded - too many requests sent.", "type": "too_many_requests_error", "param": "quota", "code": "request_quota_exceeded"}),
        (429, {"error": {"type": "rate_limit_reached_error", "message": "Your account a1 / proj-1 <ak-1> request reached project TPM rate limit, current: 1410, limit: 100, see https://platform.moonshot.cn/docs/pricing/limits"}}),
        (429, coded(429, "Quota exceeded for aiplatform.googleapis.com/generate_content_requests_per_minute_per_project_per_base_model with base model: gemini-pro. Please submit a quota increase request. https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai.")),
        (429, coded(429, "Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.")),
        (429, coded("rate_limit", "You have reached the rate limit specific to this model moonshotai/Kimi-K2. The maximum rate limit for this model is 9.0 queries per minute. This limit differs from the general rate limits published at Together AI rate limits documentation")),
        (429, {"message": "Sorry, you have exhausted this model's rate limit. Please wait a moment before trying again, or switch to a different model. Learn More"}),
        (429, raw("z-ai/glm-5.3-flash is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate limits: https://openrouter.ai/settings/integrations", 429)),
        (429, {"error": {"message": "LiteLLM Rate Limit Handler for rate limit type = team. Crossed TPM / RPM / Max Parallel Request Limit. current rpm: 1, rpm limit: 15, current tpm: 12260, tpm limit: 5000, current max_parallel_requests: 0, max_parallel_requests: 9223372036854775807", "code": "429"}}),
        (429, {"error": {"type": "rate_limit_error", "message": "Number of concurrent connections to Claude exceeds your rate limit. Please try again, or contact sales@anthropic.com to discuss your options for a rate limit increase."}}),
        (429, {"code": "Throttling.BurstRate", "message": "Request rate increased too quickly. To ensure system stability, please adjust your client logic to scale requests more smoothly over time."}),
        (429, coded(429, "Concurrency limit reached for requests")),
        (429, {"message": "API rate limit exceeded"}),
        (429, "local_rate_limited"),
        (403, coded("", "Zu viele Anfragen. Bitte warte kurz.")),
    ]),
    ("rate", EITHER, 30, [(429, coded("", "送信頻度が高すぎます。30秒後にもう一度お試しください", "new_api_error"))]),
    ("rate", EITHER, 1, [(429, {"error": {"message": "Organization Rate limit exceeded, please try again after 1 seconds", "type": "rate_limit_reached_error"}})]),
    # --- too much to do, broken ---
    ("overload server windowless rate", EITHER, SOON_S, [
        (429, worker(3040, "No more data centers to forward the request to")),
        (503, coded("", "La charge amont du groupe actuel est saturée, veuillez réessayer plus tard", "new_api_error")),
        (429, coded("", "現在のグループのアップストリーム負荷が飽和しています。後でもう一度お試しください", "new_api_error")),
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Upstream provider NIM returned an error."}}),
        (500, {"error": "Alle Server sind ausgelastet, bitte später erneut versuchen"}),
        (502, {"message": "An invalid response was received from the upstream server"}),
        (503, {"message": "name resolution failed"}),
        (504, {"error_msg": "Backend timeout", "error_code": "APIG.0203"}),
        (500, {"error": "an error was encountered while running the model: unexpected EOF"}),
        (500, "<html><head><title>Worker threw exception | gateway.ai.cloudflare.com | Cloudflare</title></head><body><h1>Error 1101 Ray ID: 8885b5d9</h1><h2>Worker threw exception</h2></body></html>"),
        (404, coded("", "Unknown error")),
    ]),
    ("server model", EITHER, (0, 7200), [
        (500, {"error": "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama server logs for details"}),
        (500, {"error": "llama runner process has terminated: exit status 2"}),
    ]),
    ("timeout server", WHOLE, SOON_S, [(408, worker(3007, "Request timeout"))]),
    ("server", WHOLE, (30, 7200), [(403, '<!DOCTYPE html><html class="no-js"><head><title>Attention Required! | Cloudflare</title></head><body><div id="cf-wrapper"><h1 data-translate="block_headline">Sorry, you have been blocked</h1><h2>You are unable to access groq.com</h2></div></body></html>')]),
    # --- one model ---
    ("model", ONE, LONG, [
        (404, coded("InvalidEndpointOrModel.NotFound", "The model or endpoint doubao-x does not exist or you do not have access to it. Request id: 02", "NotFound")),
        (404, coded("ModelNotOpen", "Your account 2100 has not activated the model glm-5-3. Please activate the model service in the Ark Console. Request id: 02", "NotFound")),
        (404, coded("InvalidEndpointOrModel.ModelIDAccessDisabled", "Accessing the model via Model ID is not allowed for your account. Please use a custom endpoint ID instead. Request id: 02", "NotFound")),
        (404, coded("UnsupportedModel", "The deepseek-v4 model does not support the coding plan feature. Please refer to the documentation at https://www.volcengine.com/docs to select a compatible model.", "NotFound")),
        (404, {"error_code": "ModelArts.81009", "error_msg": "Invalid model."}),
        (403, {"error": {"type": "permission_error", "message": "You do not have access to model k3-preview"}}),
        (404, {"message": "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the last 15 days. Please upgrade to an active model on Amazon Bedrock"}),
        (403, {"message": "Your AWS Marketplace subscription for this model cannot be completed at this time. If you recently fixed this issue, try again after 5 minutes."}),
        (400, {"message": "invalid request: model ‘command-r’ is not supported by the generate API"}),
        (400, worker(5007, "No such model @cf/meta/llama-9 or task")),
        (403, worker(5018, "The account is not allowed to access this model")),
        (404, worker(3042, "The model name is invalid")),
        (400, {"error": {"message": "The requested model 'moonshotai/Kimi-K2-Instruct' is not supported by any provider you have enabled.", "code": "model_not_supported"}}),
        (400, {"error": "Model meta-llama/Llama-3.2-1B-Instruct is not supported for provider hf-inference"}),
        (400, {"error": "Bad Request: The endpoint is paused, ask a maintainer to restart it"}),
        (404, {"error": {"code": "provider_not_allowed", "message": "No eligible provider can serve the selected model. Select another model or update the provider routing settings."}}),
        (404, coded("model_not_found", "The provided model 'qwen9' is not supported by the Batch API.")),
        (403, coded("", "该令牌无权访问模型 gpt-6", "new_api_error")),
        (403, coded("", "Ce jeton n'a pas accès au modèle gpt-6", "new_api_error")),
        (403, coded("model_forbidden_for_user", "model forbidden for user")),
        (404, {"error": {"message": "Das Modell gpt-6 existiert nicht oder ist nicht verfügbar."}}),
        (403, coded("model_not_supported_on_free_tier", "This model is not available on the free tier")),
    ]),
    ("model account", EITHER, LONG, [
        (403, worker(5016, "User has not agreed to Llama3.2 model terms")),
        (401, {"error_code": "ModelArts.81004", "error_msg": "Invalid request because you do not have access to it."}),
        (403, coded("OperationDenied.ServiceNotOpen", "Operation is denied because the model service is unavailable, please go to the Volcano Ark console activation management page to activate the corresponding model service, or submit a work order to contact us.", "Forbidden")),
    ]),
    ("model overload server", EITHER, (0, 43_300), [
        (503, coded("", "分组 default 下模型 gpt-6 无可用渠道（distributor）", "new_api_error")),
        (503, coded("", "没有可用的渠道密钥", "new_api_error")),
        (503, coded("", "Aucun canal disponible pour le modèle gpt-6 dans le groupe default (distributor)", "new_api_error")),
        (503, coded("", "グループdefaultのモデルgpt-6に利用可能なチャンネルの取得に失敗しました", "new_api_error")),
        (400, coded("InvalidEndpoint.ClosedEndpoint", "The request targeted an endpoint that is currently closed or temporarily unavailable. Request id: 02", "BadRequest")),
    ]),
    # --- the account, the key ---
    ("account", WHOLE, CLEARED, [
        (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Your account has been disabled after an automatic review of your recent activities."}}),
        (429, coded("", "Your access was terminated due to violation of our policies, please check your email for more information. If you believe this is in error and would like to appeal, please contact us through our help center at help.openai.com.")),
        (403, worker(3023, "Service unavailable for account")),
        (403, coded("", "用户已被封禁", "new_api_error")),
        (403, coded("", "Cet utilisateur a été désactivé", "new_api_error")),
        (403, coded("", "ユーザーはBANされています", "new_api_error")),
    ]),
    ("account auth", WHOLE, CLEARED, [
        (403, coded("", "Please use in Codex. Third-party clients are not supported (request id: 2026)", "new_api_error")),
        (403, coded(403, "Permission denied on resource project gen-lang-client-0123.")),
        (403, coded("AccessDenied", "The request failed because you do not have access to the requested resource. Request id: 02", "Forbidden")),
        (403, coded("", "无权访问该分组", "new_api_error")),
        (403, coded("", "Pas de permission pour accéder à ce groupe", "new_api_error")),
        (401, {"error": "The `models` permission is required to access this endpoint"}),
    ]),
    ("auth", WHOLE, CLEARED, [
        (400, {"error_code": "ModelArts.81002", "error_msg": "Failed to get the authorization header."}),
        (401, coded("", "该令牌状态不可用", "new_api_error")),
        (401, coded("", "未提供令牌", "new_api_error")),
        (401, coded("", "Ce jeton a expiré", "new_api_error")),
        (401, coded("", "このトークンは有効期限が切れています", "new_api_error")),
        (400, coded(400, "Der API-Schlüssel ist ungültig.")),
        (400, {"error": "APIキーが無効です。正しいキーを設定してください。"}),
        (401, coded("invalid_request_error", "Authentication Fails (no such user)", "authentication_error")),
        (401, coded("invalid_request_error", "Authentication Fails (auth header format should be Bearer sk-...)", "authentication_error")),
        (401, {"message": "invalid api token"}),
    ]),
    ("address", WHOLE, CLEARED, [
        (404, {"result": None, "success": False, "errors": [{"code": 7003, "message": "Could not route to /client/v4/accounts/x/ai/v1/chat/completions, perhaps your object identifier is invalid?"}], "messages": []}),
    ]),
    # --- the request itself ---
    ("request", NOBODY, ANY, [
        (403, {"error_code": "ModelArts.81011", "error_msg": "May contain senstive....."}),
        (400, coded("SensitiveContentDetected", "The request failed because the input text may contain sensitive information. Request id: 02", "BadRequest")),
        (400, coded("SensitiveContentDetected.Violence", "The request failed because the input text may contain violence information.", "BadRequest")),
        (400, {"code": "FaqRuleBlocked", "message": "Input or output data is blocked by faq rule."}),
        (400, coded("invalid_prompt", "This content was flagged for possible cybersecurity risk. If this seems wrong, try rephrasing your request. To get authorized for security work, join the Trusted Access for Cyber program")),
        (400, coded("MissingParameter", "The request failed because it is missing one or multiple required parameters. Request id: 02", "BadRequest")),
        (400, coded("InvalidParameter", "One or more parameters specified in the request are not valid. Request id: 02", "BadRequest")),
        (400, {"object": "error", "message": "[{'type': 'missing', 'loc': ('body', 'model'), 'msg': 'Field required', 'input': {'max_tokens': 20}}]", "type": "BadRequestError", "param": None, "code": 400}),
        (400, {"code": "InvalidParameter", "message": 'Either "prompt" or "messages" must exist and cannot both be none'}),
        (400, {"message": "invalid request: list of documents must not be empty"}),
        (400, {"message": "system turn must be the first in the list"}),
        (400, {"message": "message must not be empty in a turn"}),
        (400, worker(3003, "Request is missing headers or body: messages")),
        (400, coded("", "未指定模型名称，模型名称不能为空", "new_api_error")),
        (400, coded("", "Nom du modèle non spécifié, le nom du modèle ne peut pas être vide", "new_api_error")),
        (400, {"message": "No tool call found for function call output with call_id call_fzg.", "type": "invalid_request_error", "param": "input", "code": None}),
        (400, {"error": "Input validation error: top_p must be > 0.0 and < 1.0", "error_type": "validation"}),
        (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "messages.3.content.1.image.source.base64: image dimensions exceed max allowed size: 8000 pixels"}}),
    ]),
    ("request unsupported", NOBODY, ANY, [
        (400, {"error": "Unexpected tool call id 8c9c8f6e3 in tool results"}),
        (400, {"message": "Malformed input request: #: subject must not be valid against schema {\"required\":[\"messages\"]}#: required key [max_tokens] not found, please reformat your input and try again."}),
        (400, coded("InvalidParameter", "The parameter instructions specified in the request are not valid: caching is not supported for instructions. Request id: 02", "BadRequest")),
        (400, coded("invalid_parameter_error", "current user api does not support http call")),
        (400, coded("invalid_parameter_error", "This model only support stream mode, please enable the stream parameter to access the model.")),
        (400, coded("InvalidParameter", "parameter.enable_thinking must be set to false for non-streaming calls")),
        (400, coded("InvalidParameter", "The thinking_budget parameter must be a positive integer and not greater than 38912")),
        (400, coded("InvalidParameter", "This model does not support enable_search.")),
        (400, coded("InvalidParameter", 'The incremental_output parameter must be "true" when enable_thinking is true')),
        (400, coded("invalid_parameter_error", "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.")),
        (400, coded("InvalidParameter", "File [id:file-fe-1] format is not supported.")),
        (400, {"code": "UnsupportedOperation", "message": "The operation is unsupported on the referee object."}),
        (400, {"message": "invalid request: cannot specify both frequency_penalty and presence_penalty."}),
        (400, {"message": "invalid request: response_format is not supported with RAG."}),
        (400, raw('{"error":{"message":"Response input messages must contain the word \'json\' in some form to use \'text.format\' of type \'json_object\'.","type":"invalid_request_error","param":"input","code":null}}')),
        (400, raw('{"error":{"type":"invalid_request_error","code":"invalid_request_error","message":"Model \'moonshotai/kimi-k2.6\' supports at most 1 image per prompt.","request_id":"req_1"}}')),
        (400, raw("Invalid schema for response_format 'foo': In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing 'bar'.")),
        (422, {"error": {"message": 'Error from provider: {"detail":[{"type":"string_type","loc":["body","messages",0,"system","content","str"],"msg":"Input should be a valid string","input":[{"type":"text","text":"You are Claude Code, usage limit reached, invalid api key"}]}]}'}}),
        (422, {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options", "include_usage"], "msg": "Extra inputs are not permitted", "input": True}]}, "type": "invalid_request_error"}),
        (400, coded(400, "Tool call id was  but must be a-z, A-Z, 0-9, with a length of 9.")),
        (400, {"error": {"code": "400", "message": "Param Incorrect", "param": "text is not set"}}),
        (400, coded(400, "tool message content must be a string")),
        (400, {"detail": "Unsupported parameter: previous_response_id"}),
        (413, worker(3006, "Request is too large")),
        (405, worker(5005, "The model @cf/x does not support LoRa inference")),
    ]),
    ("context unsupported", NOBODY, ANY, [
        (400, {"message": "too many tokens: max tokens must be less than or equal to 4096, the maximum output for this model - received 8192."}),
    ]),
    ("context", NOBODY, ANY, [
        (400, {"message": "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292. Try using a shorter prompt, or enabling prompt truncating. See https://docs.cohere.com/reference/generate for more details."}),
        (400, {"message": "too many tokens: size limit exceeded by 11326 tokens. Try using shorter or fewer inputs, or setting prompt_truncation='AUTO'."}),
        (500, {"error": "slot context: 4096 tokens, prompt 8222 tokens: the prompt does not fit"}),
        (400, coded(400, "Die Eingabe ist zu lang: höchstens 128000 Token sind erlaubt.")),
        (400, {"error": "入力が長すぎます。最大トークン数を超えています。"}),
    ]),
]  # fmt: skip


def rows(groups: list[Group]) -> list[Any]:
    """One row for each answer of each group."""
    return [
        pytest.param(kinds, scopes, rest, status, body, id=f"{number}-{place}-{kinds.split()[0]}")
        for number, (kinds, scopes, rest, answers) in enumerate(groups)
        for place, (status, body) in enumerate(answers)
    ]


def means(status: int, body: Any, kinds: str, scopes: tuple[str | None, ...], rest: Any) -> None:
    """Assert what an answer means."""
    failure = read(status, {}, body)

    assert failure.kind in kinds.split(), failure
    assert failure.scope in scopes
    assert rests_as_wanted(failure, rest), failure.until


@pytest.mark.parametrize(("kinds", "scopes", "rest", "status", "body"), rows(FIRST))
def test_a_collected_answer_means_what_its_users_want(
    kinds: str, scopes: tuple[str | None, ...], rest: Any, status: int, body: Any
) -> None:
    means(status, body, kinds, scopes, rest)
