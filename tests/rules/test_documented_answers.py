"""Error answers as the documentation of smaller and regional vendors has them, and what their users want."""

# ruff: noqa: E501 - wordings stay on one line, as they came

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.test_answers_in_the_wild import read, rests_as_wanted, rows

WHOLE, ONE, EITHER, NOBODY = ("provider",), ("model",), ("provider", "model"), (None,)
LONG, CLEARED, ANY, SOON_S = "named-or-long", "cleared", "any", (0, 700)

CASES: list[tuple[int, Any, str, tuple[str | None, ...], Any, str]] = [
    # --- DashScope ---
    (429,{"code":"Throttling","message":"Requests throttling triggered."},"rate windowless", EITHER, SOON_S, "DashScope error codes"),
    (429,{"code":"Throttling.RateQuota","message":"You exceeded your current requests list."},"rate windowless", EITHER, SOON_S, "DashScope error codes"),
    (429,{"code":"LimitRequests","message":"You exceeded your current requests list"},"rate windowless", EITHER, SOON_S, "DashScope error codes"),
    (429,{"code":"BatchRequests","message":"Too many requests. Batch requests are being throttled due to system capacity limits. Please try again later."},"rate windowless overload", EITHER, SOON_S, "DashScope error codes"),
    (403,{"code":"Model.AccessDenied","message":"Model access denied."},"model", ONE, LONG, "DashScope error codes"),
    (403,{"code":"AccessDenied.Unpurchased","message":"Access to model denied. Please make sure you are eligible for using the model."},"model", ONE, LONG, "DashScope error codes"),
    (400,{"code":"PrepaidBillOverdue","message":"The prepaid bill is overdue."},"quota", WHOLE, CLEARED, "DashScope error codes"),
    (400,{"code":"CommodityNotPurchased","message":"Commodity has not purchased yet"},"quota account", WHOLE, ANY, "DashScope error codes"),
    (500,{"code":"InternalError.Timeout","message":"An internal timeout error has occured during execution, please try again later or contact service support."},"server timeout", WHOLE, SOON_S, "DashScope error codes"),
    (503,{"code":"ModelUnavailable","message":"Model is unavailable, please try again later."},"overload server model", EITHER, ANY, "DashScope error codes"),
    (404,{"code":"ModelNotFound","message":"Model can not be found."},"model", ONE, LONG, "DashScope error codes"),
    (403,{"code":"WorkSpaceNotFound","message":"Workspace can not be found."},"account auth", WHOLE, ANY, "DashScope error codes"),
    # --- Volcengine ---
    (403,{"error":{"code":"AccountOverdueError","message":"The request failed because your account has an overdue balance. Request id: 0217"}},"quota", WHOLE, CLEARED, "Volcengine Ark error codes"),
    (404,{"error":{"code":"ModelNotOpen","message":"Your account 2100 has not activated the model doubao-seed-2. Please activate the model service in the Ark Console."}},"model", ONE, LONG, "Volcengine Ark error codes"),
    (429,{"error":{"code":"ServerOverloaded","message":"The service is currently unable to handle additional requests due to server overload."}},"overload", ONE, SOON_S, "Volcengine Ark error codes"),
    (429,{"error":{"code":"RateLimitExceeded.EndpointTPMExceeded","message":"The Tokens Per Minute (TPM) limit of the associated endpoint for your account has been exceeded. Please try again later."}},"rate windowless", ONE, SOON_S, "Volcengine Ark error codes"),
    (429,{"error":{"code":"QuotaExceeded","message":"Your account 2100 has exhausted its free trial quota for the doubao-seed-2 model. Please activate the model service in the Ark Console."}},"quota", EITHER, LONG, "Volcengine Ark error codes"),
    (429,{"error":{"code":"SetLimitExceeded","message":"Your account 2100 has reached the set inference limit for the doubao-seed-2 model, and the model service has been paused."}},"quota", EITHER, LONG, "Volcengine Ark error codes"),
    (403,{"error":{"code":"OperationDenied.ServiceNotOpen","message":"You have not activated the model service. Please activate it in the Ark Console."}},"model account", EITHER, LONG, "Volcengine Ark error codes"),
    (404,{"error":{"code":"InvalidEndpoint.ClosedEndpoint","message":"The request targeted an endpoint that is currently closed or temporarily unavailable"}},"model overload address", EITHER, ANY, "Volcengine Ark error codes"),
    (429,{"error":{"code":"AccountRateLimitExceeded","message":"The requests per minute (RPM) limit of your account has been exceeded."}},"rate windowless", EITHER, SOON_S, "Volcengine Ark error codes"),
    # --- Baidu ---
    (200,{"error_code":17,"error_msg":"Open api daily request limit reached"},"quota", WHOLE, LONG, "Baidu Qianfan error codes"),
    (200,{"error_code":18,"error_msg":"Open api qps request limit reached"},"rate windowless", EITHER, SOON_S, "Baidu Qianfan error codes"),
    (200,{"error_code":110,"error_msg":"Access token invalid or no longer valid"},"auth", WHOLE, CLEARED, "Baidu Qianfan error codes"),
    (200,{"error_code":336501,"error_msg":"rpm limit reached"},"rate windowless", EITHER, SOON_S, "Baidu Qianfan error codes"),
    # --- SiliconFlow ---
    (403,{"code":30001,"message":"Sorry, your account balance is insufficient","data":None},"quota", WHOLE, CLEARED, "SiliconFlow reports"),
    (429,{"message":"Request was rejected due to rate limiting. If you want more, please contact contact@siliconflow.cn. Details:TPM limit reached.","data":None},"rate windowless", EITHER, SOON_S, "SiliconFlow reports"),
    (503,{"code":50505,"message":"Model service overloaded. Please try again later.","data":None},"overload", ONE, SOON_S, "SiliconFlow reports"),
    (400,{"code":20012,"message":"Model does not exist. Please check it carefully.","data":None},"model", ONE, LONG, "SiliconFlow reports"),
    (403,{"code":30003,"message":"Model disabled.","data":None},"model", ONE, LONG, "SiliconFlow reports"),
    (401,"\"Invalid token\"","auth", WHOLE, CLEARED, "SiliconFlow reports"),
    # --- DeepInfra, Novita, Chutes, Nebius, SambaNova, Hyperbolic ---
    (402,{"detail":{"error":"inference prohibited, please enter a payment method or top up your balance"}},"quota", WHOLE, CLEARED, "DeepInfra reports"),
    (429,{"detail":{"error":"Model busy, retry later"}},"overload rate windowless", ONE, SOON_S, "DeepInfra reports"),
    (404,{"detail":{"error":"Model is not available"}},"model", ONE, LONG, "DeepInfra reports"),
    (403,{"code":403,"reason":"NOT_ENOUGH_BALANCE","message":"not enough balance","metadata":{}},"quota", WHOLE, CLEARED, "Novita error codes"),
    (403,{"code":403,"reason":"FAILED_TO_AUTH","message":"failed to authenticate api key","metadata":{}},"auth", WHOLE, CLEARED, "Novita error codes"),
    (404,{"code":404,"reason":"MODEL_NOT_FOUND","message":"model: x not found","metadata":{}},"model", ONE, LONG, "Novita error codes"),
    (402,{"detail":"Quota exceeded and account balance is $0.0, please pay with fiat or send tao to 5F3sa"},"quota", WHOLE, ANY, "Chutes reports"),
    (429,{"detail":"Infrastructure is at maximum capacity, try again later"},"overload rate windowless", ONE, SOON_S, "Chutes reports"),
    (503,{"detail":"No instances available (yet) for chute_id='1'"},"overload", ONE, SOON_S, "Chutes reports"),
    (410,{"error":{"message":"Model DeepSeek-R1 has been deprecated and is no longer available. See https://docs.sambanova.ai/","type":"model_deprecated"}},"model", ONE, LONG, "SambaNova reports"),
    # --- Gateways ---
    (402,{"error":{"type":"insufficient_funds","message":"Insufficient funds. Please add credits to your account to continue using AI services."}},"quota", WHOLE, CLEARED, "Vercel AI Gateway"),
    (403,{"error":{"type":"customer_verification_required","message":"AI Gateway requires a valid credit card on file to service requests. Please visit https://vercel.com/d?to=add-credit-card to add a card and unlock your free credits."}},"quota account", WHOLE, LONG, "Vercel AI Gateway"),
    (429,{"error":{"type":"rate_limit_exceeded","message":"Free tier requests are rate-limited. Please upgrade to paid credits for unlimited access."}},"rate windowless", EITHER, SOON_S, "Vercel AI Gateway"),
    (400,{"success":False,"result":[],"messages":[],"error":[{"code":2001,"message":"Please configure AI Gateway in the Cloudflare dashboard"}]},"account address request", (*EITHER, *NOBODY), ANY, "Cloudflare AI Gateway"),
    (429,{"errors":[{"message":"AiError: AiError: you have used up your daily free allocation of 10,000 neurons, please upgrade to Cloudflare's Workers Paid plan","code":3036}],"success":False},"quota", WHOLE, LONG, "Workers AI"),
    (402,{"title":"Low Credit Warning!","message":"Add credits to continue, or switch to a free model","balance":-0.1},"quota", WHOLE, CLEARED, "Kilo reports"),
    (402,{"error":{"code":402,"type":"insufficient_credits","message":"You've used up your points! Visit https://poe.com/api/keys to get more."}},"quota", WHOLE, CLEARED, "Poe reports"),
    (403,{"error":{"origin":"router","message":"Your organization has insufficient balance"}},"quota", WHOLE, CLEARED, "Requesty reports"),
    (402,{"error":"Insufficient USD or Diem balance to complete request"},"quota", WHOLE, CLEARED, "Venice reports"),
    # --- enterprise ---
    (429,{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Exceeded workspace input tokens per minute rate limit for databricks-claude-opus-5. Please contact your Databricks representative."},"rate windowless", EITHER, SOON_S, "Databricks reports"),
    (403,{"error_code":"PERMISSION_DENIED","message":"PERMISSION_DENIED: The endpoint is disabled due to a rate limit set to 0."},"rate windowless model account auth", EITHER, ANY, "Databricks reports"),
    (404,{"error_code":"ENDPOINT_NOT_FOUND","message":"The given endpoint does not exist, please retry after checking the specified model and version deployment exists."},"model", ONE, LONG, "Databricks reports"),
    (403,{"errors":[{"code":"token_quota_reached","message":"Request is rejected because the quota is exceeded: tokens per month"}],"trace":"t","status_code":403},"quota", WHOLE, LONG, "watsonx.ai reports"),
    (429,{"errors":[{"code":"rate_limit_reached_requests","message":"Rate limit reached: 2 requests per second"}],"status_code":429},"rate windowless", EITHER, SOON_S, "watsonx.ai reports"),
    (404,{"errors":[{"code":"model_not_supported","message":"Model 'ibm/granite' is not supported for this environment"}],"status_code":404},"model", ONE, LONG, "watsonx.ai reports"),
    (404,{"code":"NotAuthorizedOrNotFound","message":"Authorization failed or requested resource not found."},"auth model address", EITHER, ANY, "OCI Generative AI"),
    (429,{"code":"TooManyRequests","message":"Tenant request rate limit exceeded"},"rate windowless", EITHER, SOON_S, "OCI Generative AI"),
    (403,{"message":"Bearer Token has expired"},"auth", WHOLE, CLEARED, "Bedrock API keys"),
    (400,{"message":"The model returned the following errors: Your credit balance is too low"},"quota", WHOLE, CLEARED, "Bedrock wrapping"),
    (400,{"error":{"code":"unavailable_model","message":"Unavailable model: claude-opus-9"}},"model", ONE, LONG, "GitHub Models, Foundry"),
    (403,{"error":{"code":"unauthorized","message":"Access denied due to missing models scope: the `models` permission is required to access this endpoint"}},"auth", WHOLE, CLEARED, "GitHub Models reports"),
    (413,{"error":{"code":"tokens_limit_reached","message":"Request body too large for gpt-6 model. Max size: 8000 tokens."}},"context unsupported", NOBODY, ANY, "GitHub Models"),
    (429,"quota exceeded\n","quota rate windowless", EITHER, ANY, "plain text"),
    (503,"upstream connect error or disconnect/reset before headers. reset reason: overflow","server overload", EITHER, SOON_S, "Envoy"),
    (429,{"error":{"message":"Upstream rate limit. Try another model or retry in 45 seconds","code":"upstream_rate_limit"}},"rate", ONE, (44,46), "gateways"),
    (200,{"error":{"code":"1113","message":"余额不足或无可用资源包,请充值。"}},"quota", WHOLE, CLEARED, "bigmodel.cn"),
    (429,{"error":{"code":"1302","message":"您的账户已达到速率限制，请您控制请求频率"}},"rate windowless", EITHER, SOON_S, "bigmodel.cn"),
    (429,{"error":{"message":"当前模型请求量过大，请稍后再试","code":"1305"}},"overload", ONE, SOON_S, "bigmodel.cn"),
    (401,{"error":{"message":"无效的令牌 (request id: 1)","type":"new_api_error"}},"auth", WHOLE, CLEARED, "new-api"),
    (403,{"error":{"message":"用户额度不足, 剩余额度: ＄0.00","type":"new_api_error","code":"insufficient_user_quota"}},"quota", WHOLE, CLEARED, "new-api"),
    (503,{"error":{"message":"当前分组 default 下对于模型 claude-opus-5-5 无可用渠道","type":"new_api_error","code":"model_not_found"}},"model", ONE, ANY, "new-api"),
    (403,{"error":{"message":"该令牌无权访问模型 claude-opus-5-5","type":"new_api_error"}},"model", ONE, LONG, "new-api"),
    (429,{"error":{"message":"您已达到总请求数限制：1分钟内最多请求10次，包括失败次数，请检查您的请求是否正确"}},"rate windowless", EITHER, SOON_S, "new-api"),
    (401,{"error":{"message":"该令牌已过期","type":"new_api_error"}},"auth", WHOLE, CLEARED, "new-api"),
    (403,{"error":{"message":"该令牌额度已用尽","type":"new_api_error"}},"quota", WHOLE, CLEARED, "new-api"),
    (400,{"error":{"message":"输入内容过长，超过模型最大长度","type":"invalid_request_error"}},"context", NOBODY, ANY, "Chinese gateways"),
    (400,{"error":{"message":"请求内容包含敏感词","code":"sensitive_words_detected"}},"request", NOBODY, ANY, "new-api"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kinds", "scopes", "rest", "source"), rows(CASES))
def test_a_documented_answer_is_read_as_its_users_want(
    status: int, body: Any, kinds: str, scopes: tuple[str | None, ...], rest: Any, source: str
) -> None:
    failure = read(status, {}, body)

    assert failure.kind in kinds.split()
    assert failure.scope in scopes
    assert failure.scope is None or rests_as_wanted(failure, rest), failure.until
