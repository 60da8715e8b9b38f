"""Six more harvests of error answers: public reports with their address, and sentences in the world's languages.

What each row wants was written before it was run. Of the fifth 131 of 183 were right at first, of the sixth 113 of
173, of the seventh, with the rules mended for the two before, 122 of 143, and so on of the eighth 126 of 139,
of the ninth 131 of 139 and of the tenth 116 of 118; of what agents print 25 of 25.
"""

# ruff: noqa: E501 - wordings stay on one line, as they came

from __future__ import annotations

import json
from typing import Any

import pytest

from pf_tui.rules.failures import classify_agent_error
from tests.rules.test_answers_in_the_wild import EPOCH, MEANINGS, NOW, read, rests_as_wanted
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
    means,
    rows,
)
from tests.rules.test_collected_later import said
from tests.rules.test_more_answers_in_the_wild import at


def vertex(message: str) -> dict[str, Any]:
    """Google's answer to too much."""
    return google(429, "RESOURCE_EXHAUSTED", message)


def google(code: int, status: str, message: str) -> dict[str, Any]:
    """Google's object."""
    return {"error": {"code": code, "message": message, "status": status}}


def page(title: str, text: str = "") -> str:
    """A web page."""
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"


def oa(message: str, code: str | None = None, kind: str = "invalid_request_error") -> dict[str, Any]:
    """OpenAI's object."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def an(kind: str, message: str) -> dict[str, Any]:
    """Anthropic's object."""
    return {"type": "error", "error": {"type": kind, "message": message}}


ITEMS = [
    {
        "@type": "type.example/metric",
        "series": f"tokens-{place}",
        "value": place,
        "window_s": 60,
        "labels": {"region": "eu", "tier": "standard"},
    }
    for place in range(40)
]
"""A long list that stands before and behind what the answer says."""


def late(error: dict[str, Any]) -> dict[str, Any]:
    """An answer of 15 000 characters whose sentence stands in the middle."""
    return {
        "object": "error",
        "details": {"metrics": ITEMS},
        "trace": [f"0x{place:08x}" for place in range(300)],
        "error": error,
        "tail": [{"k": f"v{place}"} for place in range(80)],
    }


FIFTH: list[Group] = [
 # reports
 ("rate windowless", ONE, SOON_S, [
  (429, vertex("Quota exceeded for aiplatform.googleapis.com/online_prediction_input_tokens_per_minute_per_base_model with base model: anthropic-claude-opus-4. Please submit a quota increase request. https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai.")), # anthropics/claude-code#1440
  (429, [vertex("Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model with base model: anthropic-claude-3-5-sonnet-v2. Please submit a quota increase request.")]), # cline/cline#651
  (429, vertex("Quota exceeded for aiplatform.googleapis.com/generate_content_requests_per_minute_per_project_per_base_model with base model: gemini-pro. Please submit a quota increase request.")), # GoogleCloudPlatform/Open_Data_QnA#61
 ]),
 ("quota", WHOLE, 13872, [(429, {"type":"error","error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus","resets_at":EPOCH+13872,"eligible_promo":None,"resets_in_seconds":13872},"status_code":429,"headers":{"X-Codex-Active-Limit":"premium","X-Codex-Primary-Used-Percent":"100","X-Codex-Secondary-Reset-After-Seconds":"316705"}})]), # earendil-works/pi#4172
 ("quota", WHOLE, LONG, [
  (400, {"error":{"message":"Usage limit reached.","status":400}}), # numman-ali/opencode-openai-codex-auth#36
  (403, an("permission_error","You've reached your usage limit for this billing cycle. Your quota will be refreshed in the next cycle. To continue now, purchase extra usage or upgrade your plan: https://www.kimi.com/code/#pricing")), # MoonshotAI/kimi-code#3014
  (429, {"error":{"message":"Budget has been exceeded! Key=e7fb Current cost: 0.0, Estimated request cost: 3.64323, Max budget: 2.5","type":"budget_exceeded","param":None,"code":"429"}}), # BerriAI/litellm#40002
  (403, {"message":"API error (status 403 Forbidden): permission-denied: Your team deadb-a58d-46ca-80a1-beefbeef has either used all available credits or reached its monthly spending limit. To continue making API requests, please purchase more credits or raise your spending limit.\n\nRequest URL: https://cli-chat-proxy.grok.com/v1/responses","http_status":403}), # Anantys-oss/koan#2412
  (429, {"error":{"message":"{\n  \"error\": {\n    \"code\": 429,\n    \"message\": \"You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: https://ai.dev/rate-limit. \",\n    \"status\": \"RESOURCE_EXHAUSTED\",\n    \"details\": [{\"@type\": \"type.googleapis.com/google.rpc.Help\", \"links\": [{\"description\": \"Learn more about Gemini API quotas\", \"url\": \"https://ai.google.dev/gemini-api/docs/rate-limits\"}]}]\n  }\n}\n","code":429,"status":"Too Many Requests"}}), # gke-labs/gemini-for-kubernetes-development#1215
 ]),
 ("quota", EITHER, LONG, [(429, said("No deployments available - crossed budget: Exceeded budget for deployment model_name: xxx, litellm_params.model: xxx, model_id: xxx: 0.36300000000000004 >= 1d"))]), # BerriAI/litellm#14144
 ("quota", WHOLE, 3*3600, [(402, {"error":{"message":"Free quota used (30 requests / 5h). Resets at 15:00 UTC. Top up for unlimited access at https://gitlawb.com/opengateway/credits.","type":"insufficient_quota","code":"free_quota_exceeded"}})]), # Gitlawb/openclaude#1554
 ("server overload", EITHER, SOON_S, [(500, an("api_error","unknown error, 999 (1000)"))]), # MiniMax-AI/MiniMax-M3#6
 ("rate windowless overload", EITHER, SOON_S, [
  (429, {"error":{"message":"We're receiving too many requests at the moment. Please wait a moment and try again.","type":"rate_limit_reached_error"}}), # MoonshotAI/kimi-cli#901
  (429, {"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"z-ai/glm-5.3-flash is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate limits: https://openrouter.ai/settings/integrations","provider_name":"BaseTen","limit_source":"upstream_provider_shared_pool","remedy_hint":"Retry shortly, add your own provider key, or route to another provider"}}}), # open-webui/computer#293
  (429, {"error":{"code":"rpm_rate_limit_exceeded","message":"Rate limit reached for RPM","type":"rate_limit_exceeded"},"id":"as-wbx23eriqh"}), # PaddlePaddle/ERNIE#1031
 ]),
 ("rate quota windowless", EITHER, ANY, [(429, said("AI inference rate limit exceeded. Consider using lighter models. Maximum 100 credits per 1 hour or 400 credits per day. Gemini pro models cost 4 credits per call, flash models cost 1 credits per call."))]), # cloudflare/vibesdk#164
 ("quota", WHOLE, CLEARED, [
  (429, {"error":{"message":"Error from provider: Provider returned error","code":429,"metadata":{"raw":"{\"error\":{\"message\":\"Your account org-446a70bb2cc542e3 <ak-f817m9q3k3wi> is suspended due to insufficient balance, please recharge your account or check your plan and billing details\",\"type\":\"exceeded_current_quota_error\"}}"}}}), # anomalyco/opencode#24462
  (402, {"error":{"message":"Insufficient credits. This account never purchased credits. Make sure your key is on the correct account or org, and if so, purchase more at https://openrouter.ai/settings/credits","code":402}}), # Alishahryar1/free-claude-code#772
 ]),
 ("request unsupported", NOBODY, ANY, [
  (400, {"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"invalid_request_error\",\"message\":\"Model 'moonshotai/kimi-k2.6' supports at most 1 image per prompt.\",\"request_id\":\"req_1\"}}","provider_name":"Crucible","is_byok":False}}}), # diegosouzapw/OmniRoute#3044
  (400, {"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\n  \"error\": {\n    \"message\": \"Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.\",\n    \"type\": \"invalid_request_error\",\n    \"param\": \"input\",\n    \"code\": null\n  }\n}","provider_name":"OpenAI"}}}), # reVrost/go-openrouter#21
  (400, {"error":{"code":"invalid_parameter_error","message":"bad request","param":None,"type":"invalid_request_error"},"request_id":"f2ce8b99"}), # aptdnfapt/qwen-code-oai-proxy#14
 ]),
 ("unsupported server request", (None, "provider"), ANY, [(500, {"message":"ValueError: thinking_token_budget is set but reasoning_config is not configured. Please set --reasoning-config to use thinking_token_budget.","type":"internal_server_error","code":500})]), # Alishahryar1/free-claude-code#958
 ("auth", WHOLE, CLEARED, [
  (401, {"detail":"Unauthorized"}), # openai/codex#26497
  (400, {"error":{"message":"checking third-party user token: bad request: Personal Access Tokens are not supported for this endpoint"}}), # headroomlabs-ai/headroom#962
 ]),
 ("account quota auth", WHOLE, LONG, [
  (403, said("Copilot Pro trials have been temporarily paused. Please upgrade your account or revert to Copilot Free.")), # caozhiyuan/copilot-api#179
  (403, google(403,"PERMISSION_DENIED","You do not have a valid license for this product. Contact your administrator to request a license.")), # justlovemaki/AIClient2API#648
 ]),
 ("model", ONE, LONG, [(403, said("Free tier users do not have access to this model."))]), # jal-co/shieldcn#178
 ("rate", EITHER, 1, [(429, {"error":{"message":"Organization Rate limit exceeded, please try again after 1 seconds","type":"rate_limit_reached_error"}})]), # LLM-Red-Team/kimi-cc#16
 ("quota", EITHER, 518275, [(429, google(429,"RESOURCE_EXHAUSTED","Individual quota reached. Please upgrade your subscription to increase your limits. Resets in 143h57m55s."))]), # google-antigravity/antigravity-cli#789
 ("quota", ONE, (0, 300), [(429, google(429,"RESOURCE_EXHAUSTED","You have exhausted your capacity on this model. Your quota will reset after 0s."))]), # Cars-10/get-shit-done-gemini#2
 # languages
 ("quota", EITHER, LONG, [
  (429, said("لقد تجاوزت الحد اليومي للطلبات. حاول مرة أخرى غدًا.")),
  (402, said("رصيدك غير كافٍ، يرجى شحن الحساب")),
  (403, said("لقد استنفدت حصتك الشهرية")),
  (429, said("आपकी दैनिक सीमा समाप्त हो गई है")),
  (402, said("अपर्याप्त शेष राशि")),
  (403, said("आपका मासिक कोटा समाप्त हो गया है")),
  (429, said("คุณใช้โควต้าครบแล้วสำหรับวันนี้")),
  (403, said("ยอดเงินคงเหลือไม่เพียงพอ กรุณาเติมเงิน")),
  (429, said("Bạn đã vượt quá giới hạn sử dụng hàng ngày")),
  (403, said("Số dư không đủ, vui lòng nạp thêm tiền")),
  (429, said("Batas penggunaan harian Anda telah tercapai")),
  (403, said("Saldo tidak mencukupi, silakan isi ulang")),
  (429, said("Перевищено денний ліміт запитів")),
  (403, said("Недостатньо коштів на балансі")),
  (429, said("U hebt uw maandelijkse limiet bereikt")),
  (429, said("Překročen denní limit požadavků")),
  (403, said("Nedostatečný kredit na účtu")),
 ]),
 ("auth", WHOLE, CLEARED, [
  (400, said("مفتاح API غير صالح")),
  (400, said("अमान्य API कुंजी")),
  (400, said("คีย์ API ไม่ถูกต้อง")),
  (400, said("Khóa API không hợp lệ")),
  (400, said("Kunci API tidak valid")),
  (400, said("Недійсний ключ API")),
  (400, said("Neplatný klíč API")),
 ]),
 ("model", ONE, LONG, [
  (400, said("النموذج gpt-9 غير موجود")),
  (400, said("मॉडल gpt-9 नहीं मिला")),
  (400, said("ไม่พบโมเดล gpt-9")),
  (400, said("Không tìm thấy mô hình gpt-9")),
  (400, said("Model gpt-9 tidak ditemukan")),
  (400, said("Модель gpt-9 не знайдено")),
  (400, said("Model gpt-9 nebyl nalezen")),
 ]),
 ("account", WHOLE, LONG, [
  (403, said("تم تعليق حسابك")),
  (403, said("आपका खाता निलंबित कर दिया गया है")),
  (403, said("บัญชีของคุณถูกระงับ")),
  (403, said("Tài khoản của bạn đã bị khóa")),
  (403, said("Akun Anda telah diblokir")),
  (403, said("Ваш обліковий запис заблоковано")),
  (403, said("Uw account is geblokkeerd")),
  (403, said("Váš účet byl zablokován")),
 ]),
 ("rate", EITHER, 30, [
  (429, said("عدد كبير جدًا من الطلبات، حاول مرة أخرى بعد 30 ثانية")),
  (429, said("बहुत अधिक अनुरोध, कृपया 30 सेकंड बाद पुनः प्रयास करें")),
  (429, said("คำขอมากเกินไป กรุณาลองใหม่ในอีก 30 วินาที")),
  (429, said("Quá nhiều yêu cầu, vui lòng thử lại sau 30 giây")),
  (429, said("Terlalu banyak permintaan, coba lagi dalam 30 detik")),
  (429, said("Забагато запитів, спробуйте через 30 секунд")),
  (429, said("Te veel verzoeken, probeer het over 30 seconden opnieuw")),
  (429, said("Příliš mnoho požadavků, zkuste to znovu za 30 sekund")),
 ]),
 ("overload server", EITHER, SOON_S, [
  (503, said("الخادم مشغول حاليًا، يرجى المحاولة لاحقًا")),
  (503, said("เซิร์ฟเวอร์ไม่ว่าง กรุณาลองใหม่ภายหลัง")),
  (503, said("Máy chủ đang quá tải, vui lòng thử lại sau")),
  (503, said("Сервер перевантажений, спробуйте пізніше")),
 ]),
 # moments
 ("quota rate", EITHER, 5400, [
  (429, said("Kontingent erschöpft, in 1h30 wieder verfügbar")),
  (429, said("Quota épuisé, de nouveau disponible dans 90 min")),
  (429, said("Limit erreicht, in 90 min wieder verfügbar")),
  (429, said("Rate limit exceeded. Retry after PT1H30M")),
  (429, {"error":{"message":"Quota exceeded","retry_after":"PT1H30M"}}),
  (429, {"error":{"message":"Quota exceeded","reset":(EPOCH+5400)*1000}}),
  (429, {"error":{"message":f"Rate limit exceeded, try again at {(EPOCH+5400)*1000}"}}),
 ]),
 ("quota rate", EITHER, 7500, [(429, said("Limit erreicht – noch 2 Std. 5 Min."))]),
 ("quota rate", EITHER, 158_340, [(429, said("Daily cap hit. Your access is limited until 23:59 PST tomorrow."))]),
 ("quota", WHOLE, 561_600, [(429, said("Monthly quota exceeded. Usage will reset on Dec 1."))]),
 # long bodies
 ("quota", EITHER, LONG, [(429, late({"code": 429, "message": "You have exceeded your monthly included usage. Upgrade to continue."})), (403, late({"message": "Your account balance is insufficient", "code": "low_balance"}))]),
 ("auth", WHOLE, CLEARED, [(401, late({"message": "Invalid API key provided", "type": "authentication_error"}))]),
 ("model", ONE, LONG, [(404, late({"message": "The model `gpt-9` does not exist", "code": "model_not_found"}))]),
 ("context", NOBODY, ANY, [(400, late({"message": "This request has 250000 tokens, which exceeds the context window of 200000"}))]),
 ("rate", EITHER, 21, [(429, late({"message": "Rate limit reached for requests. Please try again in 21s.", "type": "requests"}))]),
 # of the request
 ("request unsupported context", NOBODY, ANY, [
  (400, said("`max_tokens` exceeds the limit of 8192 for this model")),
  (400, oa("Invalid schema for function 'list_items': 'limit' is a required property in the 'required' array.", "invalid_function_parameters")),
  (400, an("invalid_request_error","tools.3.custom.input_schema.properties.limit: exclusiveMaximum must be a number")),
  (400, said("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 512 `max_new_tokens`")),
  (400, said("Too many stop sequences: limit is 4")),
  (400, said("The number of images exceeds the limit of 20 per request")),
  (400, said("Content filtered: response blocked due to safety settings")),
  (422, {"detail":[{"type":"string_too_long","loc":["body","metadata","user_id"],"msg":"String should have at most 64 characters","ctx":{"max_length":64}}]}),
  (400, said("batch size 64 exceeds limit 32")),
  (400, said("You passed 143 tools, which exceeds the limit of 128")),
  (400, said("thinking.budget_tokens: must be less than max_tokens")),
  (400, said("Your request was rejected because the token budget for reasoning (32000) exceeds max_tokens (16000)")),
  (400, an("invalid_request_error","A maximum of 4 blocks with cache_control may be provided. Found 5.")),
  (400, said("tool_choice: tool 'plan_limit' not found in tools")),
  (413, said("Request body too large: limit is 10MB")),
  (400, an("invalid_request_error","messages.7.content.1.image.source.base64: image exceeds 5 MB maximum: 7340032 bytes > 5242880 bytes")),
  (422, {"detail":[{"type":"less_than_equal","loc":["body","max_tokens"],"msg":"Input should be less than or equal to 32768","input":64000}]}),
  (400, said("Function name 'get_usage_limit_reached_for_account_with_a_very_long_name' exceeds maximum length of 64")),
  (400, said("stop: maximum number of items is 4")),
  (400, said("top_k must be between 1 and 100")),
  (400, said("The request was blocked by the content safety filter. Categories: violence")),
 ]),
 # gateways and clouds
 ("rate windowless", EITHER, SOON_S, [
  (429, {"message":"AI token rate limit exceeded for provider(s): openai"}),
  (429, "local_rate_limited"),
  (429, {"message":"Too many requests, please wait before trying again. You have sent too many requests.  Wait before trying again."}),
  (429, {"error":[{"code":2003,"message":"Rate limited"}],"success":False}),
  (429, {"message":"Requests per minute limit exceeded - too many requests sent.","type":"too_many_requests_error","param":"quota","code":"request_quota_exceeded"}),
  (429, {"code":"Throttling.RateQuota","message":"Requests rate limit exceeded, please try again later.","request_id":"x"}),
  (429, said("Max parallel request limit reached. Hit limit for api_key: 88dc. Current limit: 5")),
 ]),
 ("rate quota windowless", EITHER, ANY, [(429, {"message":"Limit Exceeded"})]),
 ("server overload timeout", EITHER, SOON_S, [
  (503, {"message":"failure to get a peer from the ring-balancer"}),
  (503, "upstream connect error or disconnect/reset before headers. reset reason: connection termination"),
  (504, {"message":"Endpoint request timed out"}),
  (503, said("Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.")),
  (429, said("Request didn't generate first token before the given deadline")),
  (503, page("ERROR: The requested URL could not be retrieved", "The following error was encountered: Connection to 1.2.3.4 failed. The system returned: (111) Connection refused. Generated by proxy (squid/5.7)")),
  (498, {"error":{"message":"Flex tier capacity exceeded","type":"capacity_exceeded","code":"capacity_exceeded"}}),
  (502, {"error":{"message":"Network connection lost.","code":502}}),
  (500, {"error":{"message":"Internal Server Error","code":500,"metadata":{"provider_name":"DeepInfra"}}}),
  (200, page("Web Authentication Redirect","Sign in to the guest network")),
 ]),
 ("server", WHOLE, (30, 7200), [
  (403, page("Web Page Blocked", "FortiGuard Intrusion Prevention - Access Blocked. You have tried to access a web page that is in violation of your Internet usage policy. Category: Artificial Intelligence")),
  (403, page("Access Denied", "Access Denied (policy_denied). Your system policy has denied access to the requested URL. For assistance, contact your network support team.")),
  (403, page("Netskope", "Your organization's policy blocks this website.")),
 ]),
 ("auth", WHOLE, CLEARED, [
  (401, {"message":"No API key found in request"}),
  (401, {"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}}),
  (401, google(401,"UNAUTHENTICATED","Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.")),
  (400, google(400,"INVALID_ARGUMENT","API key expired. Please renew the API key.")),
  (403, google(403,"PERMISSION_DENIED","Your API key was reported as leaked. Please use another API key.")),
  (401, oa("Your authentication token is not from a valid issuer.", "invalid_issuer")),
  (401, {"error":{"message":"Authentication Fails, Your api key: ****1234 is invalid","type":"authentication_error","param":None,"code":"invalid_request_error"}}),
  (401, said("Authentication Error, Invalid proxy server token passed. Received API Key = sk-...AB12, Key Hash (Token) =88dc. Unable to find token in cache or `LiteLLM_VerificationTokenTable`")),
  (403, {"message":"The security token included in the request is expired"}),
 ]),
 ("auth account", WHOLE, CLEARED, [
  (403, {"message":"You cannot consume this service"}),
  (403, "RBAC: access denied"),
  (401, oa("You must be a member of an organization to use the API. Please contact us to get added to a new organization or ask your organization manager to invite you.")),
  (403, {"message":"Your account is not authorized to invoke this API operation."}),
  (403, google(403,"PERMISSION_DENIED","Requests from referer <empty> are blocked.")),
  (403, {"error":{"message":"Access denied. Please check your network settings."}}),
  (403, {"error":{"code":"403","message":"Traffic from 20.1.2.3 is not from an approved private endpoint"}}),
  (403, said("Project `proj_x` has been archived. Requests for archived projects are rejected.")),
  (400, {"message":"The model returned the following errors: Your API account has been disabled by your administrator"}),
  (403, {"error":{"message":"Access to this endpoint is forbidden. Please review our Terms of Service.","code":"forbidden"}}),
 ]),
 ("auth address", WHOLE, CLEARED, [(403, {"message":"Missing Authentication Token"})]),
 ("account auth model", EITHER, LONG, [(403, google(403,"PERMISSION_DENIED","Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-5' (or it may not exist)."))]),
 ("model", ONE, LONG, [
  (400, google(400,"FAILED_PRECONDITION","Publisher Model `projects/p/locations/us-central1/publishers/anthropic/models/claude-opus-5` is not servable in region us-central1.")),
  (404, {"error":"The model grok-9 does not exist or your team 1 does not have access to it.","code":"not-found"}),
  (404, {"error":{"message":"Not found the model kimi-k9 or Permission denied","type":"resource_not_found_error"}}),
  (403, {"code":"AccessDenied.Unpurchased","message":"Access to model denied. Please make sure you are eligible for using the model.","request_id":"x"}),
  (403, said("key not allowed to access model. This key can only access models=['gpt-6']. Tried to access claude-opus-5-5")),
  (400, {"error":{"message":"{'error': '/chat/completions: Invalid model name passed in model=claude-x. Call `/v1/models` to view available models for your key.'}","type":"None","param":"None","code":"400"}}),
  (400, {"error":{"message":"Model Not Exist","type":"invalid_request_error","param":None,"code":"invalid_request_error"}}),
 ]),
 ("quota account", WHOLE, LONG, [(400, {"code":"Arrearage","message":"Access denied, please make sure your account is in good standing."})]),
 ("quota account model", EITHER, LONG, [(403, {"message":"Model access is denied due to INVALID_PAYMENT_INSTRUMENT:A valid payment instrument must be provided. Your AWS Marketplace subscription for this model cannot be completed at this time."})]),
 ("context", NOBODY, ANY, [(400, {"code":"InvalidParameter","message":"<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]"})]),
 ("rate", EITHER, 7, [(429, {"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2026-03-01 have exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry after 7 seconds."}})]),
 ("rate", EITHER, 26, [(429, {"statusCode":429,"message":"Rate limit is exceeded. Try again in 26 seconds."})]),
 ("rate", EITHER, 42, [(429, said("Rate limit exceeded for team_member: ab. Limit type: tokens. Current limit: 100000, Remaining: 0. Limit resets at: 2026-11-24 12:00:42 UTC"))]),
 ("quota", WHOLE, 7479, [(403, {"statusCode":403,"message":"Out of call volume quota. Quota will be replenished in 02:04:39."})]),
 ("quota", ONE, 432, [(429, oa("Rate limit reached for gpt-6 in organization org-x on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.", "rate_limit_exceeded", "requests"))]),
 ("quota", EITHER, LONG, [
  (403, {"message":"You have reached the monthly limit of your Experiment plan. Upgrade at https://admin.mistral.ai"}),
  (402, {"error":{"message":"You have exceeded your monthly quota","code":"quota_exceeded"}}),
  (400, said("ExceededBudget: User=u over budget. Spend=10.2, Budget=10.0")),
  (400, said("Budget has been exceeded! Tag=team-a Current cost: 12.0, Max budget: 10.0")),
  (429, said("You've used up your points allowance for this subscription period.")),
  (429, said("All included fast requests have been spent; enable pay-as-you-go to go on.")),
  (403, said("This workspace has no more seats with API credit")),
  (402, said("Add a card to keep using the API")),
 ]),
]  # fmt: skip

SIXTH: list[Group] = [
 ("quota", EITHER, 80592, [(429, {"status_code":429,"status_message":"Your request count (1007) is over the allowed limit of 1000 per day - Upgrade your key, or retry after 1343.2 minutes"})]), # yetibot/yetibot#904
 ("rate windowless overload", EITHER, SOON_S, [
  (429, {"error":{"message":"Error from provider (Console): Rate limit exceeded. Please try again later."}}), # anomalyco/opencode#45893
  (429, {"param":None,"code":"rate_limit_exceeded","type":"rate_limit_error","message":"Error from provider (Console Go): Upstream request failed: [rate_limit_exceeded] Rate limit exceeded. Please retry after a brief wait."}), # anomalyco/opencode#47747
  (429, {"code":"429","message":"Error from provider (Xiaomi): Too many requests","type":"limitation"}), # anomalyco/opencode#29912
  (429, {"__type":"com.amazon.aws.codewhisperer#ThrottlingException","message":"Service is currently experiencing high traffic. Request failed after 3 attempts. Please try again later."}), # Amazon-Q-Developer/amazon-q-vscode#60
  (429, {"__type":"ThrottlingException","message":"I am experiencing high traffic, please try again shortly.","reason":"INSUFFICIENT_MODEL_CAPACITY"}), # aws/amazon-q-developer-cli#2503
  (403, {"message":"API rate limit exceeded for 210.184.73.204. (But here's the good news: Authenticated requests get a higher rate limit. Check out the documentation for more details.)","documentation_url":"https://docs.github.com/rest/overview/resources-in-the-rest-api#rate-limiting"}), # yeongpin/cursor-free-vip#1288
  (429, {"error":{"message":"exception parsing response","code":429,"status":"Too Many Requests"}}), # cline/cline#3560
 ]),
 ("quota", EITHER, LONG, [(400, {"__type":"ThrottlingException","message":"Maximum com.amazon.aws.codewhisperer.streaming.GenerateAssistantResponse reached for this month."})]), # aws/amazon-q-developer-cli#1226
 ("overload model server", EITHER, (0, 43_300), [(503, an("api_error","auth_unavailable: no auth available (providers=claude, model=qwe/GLM-5); check Claude auth/key session and cooldown state via /v0/management/auth-files"))]), # router-for-me/CLIProxyAPI#4059
 ("model address", EITHER, LONG, [(404, google(404,"NOT_FOUND","Requested entity was not found."))]), # router-for-me/CLIProxyAPI#4520
 ("rate quota", EITHER, 1800, [(403, said("Permission denied: Reached message rate limit for this model. Please try again later. Resets in: 30m0s"))]), # dwgx/WindsurfAPI#11
 ("rate", EITHER, 30, [(429, said("All accounts temporarily rate-limited on gpt-5.5. Windsurf upstream is applying IP-level cooldown. Wait ~30s before retrying."))]), # dwgx/WindsurfAPI#189
 ("rate", EITHER, 2, [(429, said("[cursor/default] [429]: {\"error\":{\"message\":\"Update Required\",\"type\":\"rate_limit_error\",\"code\":\"ERROR_RATE_LIMIT\"}} (reset after 2s)"))]), # decolua/9router#2782
 ("request unsupported", NOBODY, ANY, [(400, {"error":{"request_id":"1","code":400,"message":"Unused parameters: ['question']","location":"Templating Module"}})]), # SAP/ai-sdk-js#1453
 ("auth", WHOLE, CLEARED, [
  (401, {"error_code":401,"message":"Credential was not sent or was of an unsupported type for this API."}), # omnigent-ai/omnigent#6800
  (403, {"error_code":403,"message":"Cloud gateway token expired"}), # omnigent-ai/omnigent#6800
 ]),
 # languages
 ("quota", EITHER, LONG, [
  (429, said("تم استنفاد حصة هذا الشهر")),
  (403, said("الرصيد غير كاف لإتمام الطلب")),
  (429, said("لقد وصلت إلى الحد الأقصى للاستخدام الأسبوعي")),
  (403, said("आपके खाते में पर्याप्त बैलेंस नहीं है")),
  (429, said("आज की उपयोग सीमा पूरी हो चुकी है")),
  (429, said("เกินขีดจำกัดการใช้งานรายเดือน")),
  (402, said("เครดิตของคุณหมดแล้ว")),
  (429, said("Hạn mức tháng này đã hết")),
  (402, said("Tài khoản hết tiền")),
  (429, said("Kuota bulanan telah habis")),
  (403, said("Kredit Anda tidak cukup")),
  (429, said("Вичерпано місячну квоту")),
  (402, said("Баланс вичерпано, поповніть рахунок")),
  (429, said("Het dagelijkse tegoed is op")),
  (403, said("Onvoldoende saldo")),
  (429, said("Vyčerpali jste měsíční kvótu")),
  (402, said("Na účtu není dostatek prostředků")),
  (429, said("Du har nått din dagliga gräns")),
  (429, said("Ai atins limita lunară de utilizare")),
  (429, said("Elérte a havi keretet")),
 ]),
 ("auth", WHOLE, CLEARED, [
  (400, said("رمز الوصول منتهي الصلاحية")),
  (403, said("API कुंजी गलत है")),
  (400, said("โทเค็นหมดอายุแล้ว")),
  (400, said("Mã thông báo đã hết hạn")),
  (400, said("Token sudah kedaluwarsa")),
  (400, said("Термін дії токена закінчився")),
  (400, said("De sleutel is ingetrokken: ongeldige API-sleutel")),
  (400, said("Platnost tokenu vypršela")),
 ]),
 ("model", ONE, LONG, [
  (404, said("هذا النموذج غير متاح لحسابك")),
  (404, said("यह मॉडल उपलब्ध नहीं है")),
  (404, said("โมเดลนี้ไม่พร้อมใช้งาน")),
  (404, said("Mô hình này không tồn tại")),
  (404, said("Model ini tidak tersedia")),
  (404, said("Цієї моделі не існує")),
  (404, said("Dit model bestaat niet")),
  (404, said("Tento model neexistuje")),
 ]),
 ("rate", EITHER, 120, [
  (429, said("تم تجاوز معدل الطلبات، أعد المحاولة خلال دقيقتين")),
  (429, said("अनुरोध सीमा पार हो गई, 2 मिनट बाद कोशिश करें")),
  (429, said("เรียกใช้บ่อยเกินไป โปรดรอ 2 นาที")),
  (429, said("Bạn gửi yêu cầu quá nhanh. Hãy thử lại sau 2 phút.")),
  (429, said("Permintaan terlalu sering, tunggu 2 menit")),
  (429, said("Перевищено частоту запитів. Повторіть через 2 хвилини")),
  (429, said("Verzoeklimiet bereikt, wacht 2 minuten")),
  (429, said("Limit požadavků překročen, počkejte 2 minuty")),
 ]),
 ("overload server", EITHER, SOON_S, [
  (503, said("الخدمة غير متوفرة مؤقتًا")),
  (503, said("सेवा अस्थायी रूप से अनुपलब्ध है")),
  (503, said("ระบบมีผู้ใช้งานจำนวนมาก โปรดลองอีกครั้ง")),
  (503, said("Layanan sedang sibuk, coba lagi nanti")),
  (500, said("Server je přetížen")),
 ]),
 ("context", NOBODY, ANY, [
  (400, said("الطلب طويل جدًا: تجاوز الحد الأقصى لسياق النموذج")),
  (400, said("संदर्भ बहुत लंबा है: 250000 टोकन")),
  (400, said("บริบทยาวเกินไป")),
  (400, said("Ngữ cảnh quá dài")),
  (400, said("Konteks terlalu panjang")),
  (400, said("Контекст занадто довгий")),
  (400, said("Kontext je příliš dlouhý")),
 ]),
 # moments
 ("quota rate", EITHER, 9000, [
  (429, said("Quota reached. Come back in 2h30.")),
  (429, said("Kontingent aufgebraucht. Wieder verfügbar in 2 Std. 30 Min.")),
  (429, said("Límite alcanzado, disponible en 2 h 30 min")),
  (429, said("Limite atteinte, réessayez dans 2 h 30")),
  (429, said("Usage limit reached; cooldown PT2H30M")),
  (429, {"error":{"message":"limit reached","retryAfter":"PT2H30M"}}),
  (429, {"error":{"message":"Rate limited","details":{"resetTimestamp":(EPOCH+9000)*1000}}}),
  (429, {"error":{"message":"Rate limited","rate_limit":{"reset":EPOCH+9000,"remaining":0}}}),
  (429, said("Tageslimit erreicht: nächster Versuch in 150 min möglich")),
  (429, said("Quota exceeded (resets 2026-11-24T14:30Z)")),
  (429, said("Лимит исчерпан, осталось 2 ч 30 мин")),
 ]),
 ("quota rate", EITHER, 3*86400+12*3600, [
  (429, said("Your plan renews on Nov 28. Until then the limit of 500 requests is used up.")),
  (429, said("Weekly limit hit. Resets Saturday at midnight UTC.")),
  (429, said("Usage limit reached, resets 28 Nov 2026")),
  (429, said("Limit hebdomadaire atteinte. Réinitialisation le 28 novembre.")),
 ]),
 ("quota rate", EITHER, 43*3600, [(429, said("Limit reached. Try again after 11 PM PST tomorrow."))]),
 # long
 ("quota", EITHER, LONG, [(402, {"object":"error","metadata":ITEMS*2,"message":"Payment required: the wallet is empty","status":402,"more":ITEMS}), (429, {"details":ITEMS*2,"error":{"detail":"Monthly token quota used up for this project"},"more":ITEMS})]),
 ("auth", WHOLE, CLEARED, [(401, {"context":ITEMS*2,"detail":"The access token has expired","more":ITEMS})]),
 ("account", WHOLE, LONG, [(403, {"context":ITEMS*2,"error":{"message":"Your organization has been suspended","code":"org_suspended"},"more":ITEMS})]),
 ("overload server", EITHER, SOON_S, [(503, {"context":ITEMS*2,"error":{"message":"The model is currently overloaded"},"more":ITEMS})]),
 ("request unsupported", NOBODY, ANY, [(400, {"context":ITEMS*2,"error":{"message":"Invalid value for 'temperature': must be between 0 and 1","param":"temperature"},"more":ITEMS})]),
 ("rate", EITHER, 33, [(429, {"context":ITEMS*2,"error":{"message":"Too many requests","retry_after":33},"more":ITEMS})]),
 # of the request
 ("request unsupported context", NOBODY, ANY, [
  (400, said("max_completion_tokens is limited to 16384 on this deployment")),
  (400, said("The sum of prompt tokens and max_tokens (201000) must not exceed the model's limit of 200000")),
  (422, {"detail":[{"loc":["body","tools",0,"function","parameters"],"msg":"schema limit: at most 100 properties","type":"value_error"}]}),
  (400, said("JSON schema nesting exceeds the limit of 5 levels")),
  (400, said("enum values limit exceeded: 1200 > 1000")),
  (400, an("invalid_request_error","tools: Tool names must be unique.")),
  (400, said("The uploaded file exceeds the limit of 20 MB")),
  (400, said("Your input was rejected by the content policy of this deployment")),
  (400, said("response_format json_schema name exceeds 64 characters")),
  (400, said("logit_bias: at most 300 entries allowed, quota of entries exceeded")),
  (400, said("messages[2].content: text must not be empty")),
  (400, said("Tool call id 'call_usage_limit' was not found in the previous message")),
  (400, an("invalid_request_error","max_tokens: 64000 > 32000, which is the maximum allowed number of output tokens for claude-opus-4-1")),
  (400, said("Number of tools (200) exceeds allowed limit of 128.")),
  (400, said("Unterminated string in request body at position 1048576")),
  (400, said("safety system rejected the prompt: hate/high")),
  (400, said("invalid 'limit' query parameter")),
  (400, said("Invalid image: dimensions exceed the limit of 8000 pixels")),
  (400, an("invalid_request_error","messages.12.content.3: thinking blocks may not be empty")),
  (400, said("The request exceeds the rate of 1 system message per conversation")),
 ]),
 # vendors, gateways
 ("rate windowless overload", EITHER, SOON_S, [
  (429, {"fault":{"faultstring":"Rate limit quota violation. Quota limit exceeded. Identifier : _default","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}}),
  (429, {"fault":{"faultstring":"Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=10, periodInMicroseconds=1000000}","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}),
  (429, {"error":{"message":"Your requests are being throttled, lower your request rate","type":"throttled"}}),
  (429, {"error":{"code":"1302","message":"Rate limit reached for requests"}}),
  (429, {"detail":"Request was throttled. Expected available in 12 seconds."}),
  (429, said("Server is receiving too many prompts at once; back off and retry")),
  (503, {"message":"name resolution failed"}),
  (429, said("concurrency exceeded: 4 running, 4 allowed")),
 ]),
 ("rate", EITHER, 12, [(429, {"detail":"Request was throttled. Expected available in 12 seconds."})]),
 ("server overload timeout", EITHER, SOON_S, [
  (502, page("502 Bad Gateway", "nginx/1.18.0")),
  (503, "no healthy upstream"),
  (504, "upstream request timeout"),
  (500, {"error":"exec: llama runner process has terminated: signal: killed"}),
  (503, {"error":{"code":"ServiceUnavailable","message":"The service is temporarily unable to process your request. Please try again later."}}),
  (500, {"error":{"message":"The server had an error while processing your request. Sorry about that!","type":"server_error"}}),
  (424, {"message":"Model is getting ready for inference. Please try again later."}),
  (503, {"detail":"Inference engine is restarting"}),
  (408, {"message":"Model invocation timed out"}),
 ]),
 ("server", WHOLE, (30, 7200), [
  (403, page("Application Blocked", "You have attempted to use an application which is in violation of your internet usage policy. Generative AI. URL: api.anthropic.com")),
  (403, page("Sorry, you have been blocked", "You are unable to access openai.com. Cloudflare Ray ID: 9f")),
  (407, page("Proxy Authentication Required", "Access to requested resource disallowed by administrator or you need valid username/password to use this resource")),
 ]),
 ("auth", WHOLE, CLEARED, [
  (401, {"message":"Invalid authentication credentials"}),
  (401, {"error":{"message":"Missing bearer or basic authentication in header","type":"invalid_request_error"}}),
  (401, "Jwt is expired"),
  (401, "Jwt verification fails"),
  (403, {"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."}),
  (403, {"message":"User is not authorized to access this resource with an explicit deny"}),
  (401, {"fault":{"faultstring":"Invalid ApiKey","detail":{"errorcode":"oauth.v2.InvalidApiKey"}}}),
  (400, {"error":"invalid_grant","error_description":"Token has been expired or revoked."}),
  (401, {"error":{"message":"No cookie auth credentials found","code":401}}),
  (401, {"error":{"type":"authentication_error","message":"OAuth access token is invalid or was issued to a different client."},"type":"error"}),
  (403, {"detail":"Not authenticated"}),
 ]),
 ("account auth", WHOLE, CLEARED, [
  (403, said("Your organization does not permit API access from this network.")),
  (403, {"error":{"message":"This account has been placed on hold pending review by our trust & safety team."}}),
  (403, said("Your access to the API was revoked because of repeated policy violations.")),
  (403, {"message":"Your AWS account is currently blocked. Contact support."}),
  (403, said("Country not allowed: sanctions")),
  (403, said("Tenant disabled")),
  (403, said("Workspace is archived")),
 ]),
 ("model", ONE, LONG, [
  (403, said("Model gpt-9 is gated. Request access first.")),
  (400, said("The requested model was shut down on 2026-09-01; migrate to gpt-6.")),
  (404, {"error":{"code":"404","message":"The deployment for this model is not found"}}),
  (403, said("Your subscription tier cannot call claude-opus-5-5")),
  (400, said("claude-opus-9 is not a recognised model")),
  (400, {"detail":"Model 'gpt-9-codex' requires a newer version of Codex. Please upgrade."}),
  (404, {"message":"This model version has reached the end of its life. Please refer to the AWS documentation for more details."}),
  (403, {"error":{"message":"Team doesn't have access to claude-opus-5-5. Allowed: ['gpt-6']","type":"team_model_access_denied"}}),
 ]),
 ("quota", EITHER, LONG, [
  (402, {"error":{"message":"Your card has been declined, update it to continue","code":"card_declined"}}),
  (403, said("Trial over. Choose a plan.")),
  (429, said("You have 0 premium interactions left this cycle.")),
  (403, {"code":"quota.exhausted","message":"Project quota is exhausted; ask your administrator"}),
  (402, said("Invoice #1001 is unpaid; service is paused until payment is received")),
  (429, {"error":{"code":"1310","message":"Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-11-30 08:00:00"}}),
  (400, {"error":{"message":"Budget limit for project 'x' reached (spent $50.02 of $50.00)","code":"budget_limit_reached"}}),
  (403, said("You don't have enough compute points to use this bot")),
  (429, said("The shared pool of your company is used up for November")),
  (429, {"error":{"message":"Daily free allocation of 10,000 neurons used up","code":4006}}),
 ]),
]  # fmt: skip

SEVENTH: list[Group] = [
 # reports
 ("quota", EITHER, LONG, [
  (403, said("local:insufficient_quota")), # WEIFENG2333/VideoCaptioner#843
  (429, said("I'm sorry, I can't complete that request. You've reached your credit limit. Your credit limit resets on Dec 3.")), # warpdotdev/warp#8501
  (429, {"error":{"code":"insufficient_quota","message":"Free allocated quota exceeded.","type":"insufficient_quota"},"request_id":"1"}), # router-for-me/CLIProxyAPI#1500
 ]),
 ("auth", WHOLE, CLEARED, [
  (401, {"error":{"code":"invalid_api_key","message":"invalid access token or token expired","type":"invalid_request_error"}}), # QwenLM/qwen-code#3309
  (400, {"error":{"message":"Your session has expired. Please log in again."}}), # diegosouzapw/OmniRoute#978
 ]),
 ("rate windowless", EITHER, SOON_S, [
  (429, an("rate_limit_error","Concurrency limit exceeded for account, please retry later")), # Wei-Shaw/sub2api#1213
  (429, {"error":"Too many concurrent requests. Limit: 1 concurrent requests"}), # Wei-Shaw/claude-relay-service#773
  (429, an("rate_limit_error","This request would exceed your account's rate limit. Please try again later.")), # Wei-Shaw/claude-relay-service#56
  (429, {"error":{"code":"connector_rate_limit","message":"Connector rate limit exceeded"}}), # openai/codex#37934
 ]),
 ("model overload server", EITHER, (0, 43_300), [(500, {"error":"No available Claude accounts support the requested model: claude-sonnet-4-20250514"})]), # Wei-Shaw/claude-relay-service#150
 ("account model overload server", EITHER, ANY, [(503, an("api_error","No available accounts: this group only allows Claude Code clients"))]), # Wei-Shaw/sub2api#3742
 ("model", ONE, LONG, [(403, {"message":"You don't have access to the model with the specified model ID."})]), # anthropics/claude-code#591
 ("account auth model", EITHER, LONG, [(403, {"Message":"User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: arn:aws:bedrock:::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0 with an explicit deny in a service control policy"})]), # anthropics/claude-code#27241
 ("rate", EITHER, 60, [(429, said("All 1 account(s) rate-limited. Available in 1m0s"))]), # badrisnarayanan/antigravity-claude-proxy#71
 # languages, other words
 ("quota", EITHER, LONG, [
  (429, said("انتهت حصتك المجانية لهذا اليوم")),
  (402, said("لا يوجد رصيد كافٍ في محفظتك")),
  (429, said("तुमने इस महीने का पूरा कोटा इस्तेमाल कर लिया है")),
  (403, said("कृपया अपना खाता रिचार्ज करें, बैलेंस शून्य है")),
  (429, said("โควตารายสัปดาห์ของคุณหมดแล้ว")),
  (403, said("เครดิตไม่เพียงพอ")),
  (429, said("Bạn đã dùng hết hạn mức miễn phí hôm nay")),
  (403, said("Tín dụng không đủ để thực hiện yêu cầu")),
  (429, said("Anda telah mencapai batas mingguan")),
  (403, said("Saldo akun Anda habis")),
  (429, said("Ви досягли тижневого ліміту")),
  (403, said("На рахунку немає коштів")),
  (429, said("Je hebt je daglimiet bereikt")),
  (403, said("Uw tegoed is ontoereikend")),
  (429, said("Dosáhli jste týdenního limitu")),
  (403, said("Váš kredit byl vyčerpán")),
  (429, said("Osiągnięto dzienny limit zapytań")),
  (403, said("Brak środków na koncie")),
 ]),
 ("auth", WHOLE, CLEARED, [
  (400, said("المفتاح الذي أدخلته غير صحيح")),
  (400, said("टोकन की अवधि समाप्त हो गई है")),
  (400, said("API key ไม่ถูกต้องหรือหมดอายุ")),
  (400, said("Khóa truy cập không đúng")),
  (400, said("Kunci akses tidak sah")),
  (400, said("Невірний токен доступу")),
  (400, said("API-sleutel ontbreekt of is ongeldig")),
  (400, said("Chybí klíč API")),
 ]),
 ("model", ONE, LONG, [
  (404, said("لم يتم العثور على النموذج المطلوب")),
  (400, said("मॉडल समर्थित नहीं है: gpt-9")),
  (400, said("ไม่รองรับโมเดลนี้")),
  (400, said("Mô hình không được hỗ trợ: gpt-9")),
  (400, said("Model tidak didukung: gpt-9")),
  (400, said("Модель не підтримується: gpt-9")),
  (400, said("Model wordt niet ondersteund: gpt-9")),
  (400, said("Model není podporován: gpt-9")),
 ]),
 ("rate", EITHER, 45, [
  (429, said("طلبات كثيرة جدًا. انتظر 45 ثانية")),
  (429, said("बहुत सारे अनुरोध। 45 सेकंड में पुनः प्रयास करें")),
  (429, said("คำขอบ่อยเกินไป รอ 45 วินาทีแล้วลองใหม่")),
  (429, said("Vượt quá tần suất cho phép, chờ 45 giây")),
  (429, said("Batas laju terlampaui, coba lagi setelah 45 detik")),
  (429, said("Занадто багато запитів. Зачекайте 45 секунд")),
  (429, said("Te veel aanvragen. Wacht 45 seconden.")),
  (429, said("Překročena frekvence požadavků, opakujte za 45 s")),
 ]),
 ("overload server", EITHER, SOON_S, [
  (500, said("الخادم مزدحم حاليًا")),
  (503, said("मॉडल अभी व्यस्त है, बाद में प्रयास करें")),
  (500, said("Máy chủ quá tải")),
  (500, said("De server is overbelast")),
 ]),
 ("account", WHOLE, LONG, [
  (403, said("حسابك محظور بسبب مخالفة الشروط")),
  (403, said("आपका अकाउंट ब्लॉक कर दिया गया है")),
  (403, said("Akun ditangguhkan")),
  (403, said("Обліковий запис призупинено")),
 ]),
 # moments
 ("quota rate", EITHER, 4500, [
  (429, said("Nutzungslimit erreicht, in 75 Min. wieder verfügbar")),
  (429, said("Limit: noch 1 Std. 15 Min.")),
  (429, said("Usage cap reached. Next slot in 1h15.")),
  (429, said("quota reached; retry in PT75M")),
  (429, said("Limite atteinte ; encore 75 min")),
  (429, said("Límite de uso alcanzado. Espere 1 h 15 min.")),
  (429, {"error":{"message":"limit reached","reset_time":(EPOCH+4500)*1000}}),
  (429, {"error":{"message":"limit reached","metadata":{"blocked_until":"2026-11-24T13:15:00Z"}}}),
  (429, {"message":"limit reached","resetAt":str((EPOCH+4500)*1000)}),
  (429, said("Usage limit reached|" + str(EPOCH+4500))),
  (429, said("Limit reached - resets at 13:15 UTC")),
  (429, said("Limit wyczerpany, spróbuj ponownie za 75 minut")),
 ]),
 ("quota rate", EITHER, 7*86400-12*3600, [
  (429, said("Limit used up. Your limit resets on Dec 1st.")),
  (429, said("Usage resets 12/01/2026")),
  (429, said("Quota wird am 1. Dezember zurückgesetzt")),
  (429, said("Limits reset Tuesday 00:00 UTC")),
 ]),
 ("quota rate", EITHER, (39*3600, 45*3600), [(429, said("Weekly cap reached, blocked until 11:30 PM PST tomorrow"))]),
 # long
 ("quota", EITHER, LONG, [(429, {"trace":ITEMS,"error":{"message":"You've exceeded this month's token allowance","type":"limit"},"more":ITEMS}), (403, {"debug":ITEMS,"message":"Out of credits","more":ITEMS})]),
 ("auth", WHOLE, CLEARED, [(403, {"debug":ITEMS,"error":{"description":"API key revoked"},"more":ITEMS})]),
 ("rate", EITHER, 9, [(429, {"debug":ITEMS,"error":{"message":"Slow down. Try again in 9 seconds."},"more":ITEMS})]),
 ("request unsupported", NOBODY, ANY, [(400, {"debug":ITEMS,"error":{"message":"tools[3].function.name: must match pattern ^[a-zA-Z0-9_-]+$"},"more":ITEMS})]),
 # of the request
 ("request unsupported context", NOBODY, ANY, [
  (400, said("max_output_tokens (70000) exceeds the limit for this model (64000)")),
  (400, said("Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got 20.")),
  (400, said("schema validation failed: rate_limit must be an integer")),
  (400, said("The tool result exceeds the limit of 100000 characters")),
  (400, an("invalid_request_error","messages.0.content: String should have at least 1 character")),
  (400, said("Blocked by safety filter: self-harm")),
  (400, said("Requested token count exceeds the model's maximum context length of 131072 tokens. You requested a total of 190000 tokens: 180000 tokens from the input messages and 10000 tokens for the completion.")),
  (400, said("Invalid tool: 'get_quota' is missing required property 'parameters'")),
  (400, said("image_url: only base64 and https are allowed")),
  (400, said("prompt contains restricted words")),
  (400, said("Too many documents: the limit is 5 per message")),
  (400, said("Sum of budgets exceeds max_tokens")),
  (422, {"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required"}]}),
  (400, said("Cannot specify both temperature and top_p for this model")),
  (400, said("duplicate tool_use ids")),
  (400, said("Each tool definition must be under the 10 KB limit")),
  (413, said("prompt too long: 1200345 characters")),
  (400, said("your message was flagged by our safety classifier")),
 ]),
 # vendors and gateways
 ("rate windowless overload", EITHER, SOON_S, [
  (429, {"error":{"message":"Rate limit hit. Reduce your request frequency.","code":"rate_limited"}}),
  (429, {"error":{"status":429,"message":"model is currently throttled due to heavy use"}}),
  (429, {"errors":[{"code":3036,"message":"Account limited: requests per minute"}]}),
  (503, {"error":{"message":"Too many in-flight requests","type":"server_busy"}}),
  (429, {"error":{"message":"tokens-per-minute budget exceeded for deployment gpt-6"}}),
  (429, "Too Many Requests. Envoy ratelimit."),
 ]),
 ("server overload timeout", EITHER, SOON_S, [
  (502, {"error":{"message":"Upstream closed the connection unexpectedly","type":"bad_gateway"}}),
  (500, {"error":{"message":"Something went wrong on our end, please retry"}}),
  (503, {"message":"Service Unavailable: backend draining"}),
  (504, page("504 Gateway Time-out","nginx")),
  (522, "error code: 522"),
  (529, an("overloaded_error","Overloaded")),
  (500, {"detail":"EngineDeadError: vLLM engine died"}),
  (503, {"error":{"message":"Scheduled maintenance in progress. Back shortly."}}),
 ]),
 ("server", WHOLE, (30, 7200), [
  (403, page("Website blocked by your administrator","Cisco Umbrella. This site is blocked due to content filtering. Category: Generative AI")),
  (403, page("Palo Alto Networks","Web Page Blocked. Access to the web page you were trying to visit has been blocked in accordance with company policy.")),
 ]),
 ("auth", WHOLE, CLEARED, [
  (401, {"error":{"message":"Bearer token missing or malformed"}}),
  (401, {"code":16,"message":"unauthenticated: request token is not recognised"}),
  (403, {"error":{"message":"API key does not have the required scope: inference.write"}}),
  (400, {"error":{"message":"x-api-key header is required"}}),
  (401, {"message":"Access token has been revoked, re-authenticate"}),
  (403, {"error":{"code":"key_disabled","message":"This key was disabled by its owner"}}),
 ]),
 ("account auth", WHOLE, CLEARED, [
  (403, {"error":{"message":"Organization access suspended pending compliance review"}}),
  (403, said("Service is not offered in your jurisdiction")),
  (403, said("This IP range is not permitted to call the API")),
  (403, said("Your user has been deactivated by an administrator")),
 ]),
 ("model", ONE, LONG, [
  (404, said("no model called claude-opus-9 is served here")),
  (400, said("gpt-9 isn't available on the free plan")),
  (400, said("Model claude-opus-9 has been removed from the catalog")),
  (403, said("You are not entitled to use model claude-opus-5-5 under your contract")),
  (410, said("This model is no longer served")),
 ]),
 ("quota", EITHER, LONG, [
  (402, said("Top up your account to proceed")),
  (403, said("Plan exhausted: 500/500 requests used this month")),
  (429, said("You have run through your weekly allotment of Opus usage")),
  (403, {"error":{"message":"Your prepaid plan has run dry","code":"plan_empty"}}),
  (429, {"error":{"message":"daily spend ceiling reached","code":"spend_ceiling"}}),
  (402, {"error":{"message":"Subscription lapsed on 2026-11-20","code":"subscription_lapsed"}}),
  (429, {"error":{"message":"Included usage for the billing cycle consumed","type":"usage_exhausted"}}),
  (400, {"error":{"message":"The wallet of this key is empty"}}),
 ]),
]  # fmt: skip

EIGHTH: list[Group] = [
 # gateways' own words: saashqdev/delightful, HeavenTTT/Gemini-OmniChat-auto
 ("quota", EITHER, LONG, [(403, said("Token quota insufficient")), (429, said("Organization quota insufficient")), (402, said("Insufficient funds on the translation provider balance.")), (403, said("User exceeded access token usage limit")), (402, said("Billing required (402). Check GCP project billing."))]),
 ("model", ONE, LONG, [(403, said("Token does not support this model")), (404, said("Model not found (404)."))]),
 ("auth account", WHOLE, CLEARED, [(403, said("Token does not support this organization")), (403, said("API token is disabled")), (403, said("IP address not in whitelist")), (401, said("API token does not exist")), (401, said("No credentials found for profile \"anthropic:default\"."))]),
 ("rate windowless", EITHER, SOON_S, [(429, said("Request rate limit exceeded")), (403, said("User access token creation rate limited"))]),
 ("request", NOBODY, ANY, [(400, said("Message cannot be empty")), (400, said("Blocked by safety filters."))]),
 # languages
 ("quota", EITHER, LONG, [
  (403, said("رصيد حسابك صفر")),
  (429, said("لقد استهلكت كل رسائلك لهذا الأسبوع")),
  (429, said("दैनिक अनुरोध सीमा पार हो गई")),
  (402, said("भुगतान आवश्यक है")),
  (429, said("เกินโควตาประจำวัน")),
  (403, said("ยอดคงเหลือไม่พอสำหรับคำขอนี้")),
  (429, said("Đã đạt giới hạn yêu cầu trong ngày hôm nay")),
  (403, said("Số dư tài khoản của bạn bằng 0, vui lòng nạp tiền")),
  (429, said("Kuota harian Anda sudah habis")),
  (403, said("Masa langganan Anda telah berakhir")),
  (429, said("Добовий ліміт вичерпано")),
  (403, said("Ваша підписка закінчилася")),
  (429, said("Maandelijks quotum overschreden")),
  (403, said("Uw abonnement is verlopen")),
  (429, said("Týdenní limit vyčerpán")),
  (403, said("Vaše předplatné vypršelo")),
  (429, said("Günlük kotanız doldu")),
  (403, said("Saldo insuficiente na carteira")),
 ]),
 ("auth", WHOLE, CLEARED, [
  (401, said("رمز غير صالح")), (401, said("अनधिकृत")), (403, said("คีย์ API ถูกเพิกถอน")), (403, said("API key đã bị thu hồi")),
  (400, said("API key tidak ditemukan")), (400, said("Ключ API відсутній")), (403, said("De API-sleutel is ingetrokken")), (400, said("API klíč není platný")),
 ]),
 ("model", ONE, LONG, [
  (403, said("لا تملك صلاحية استخدام هذا النموذج")), (403, said("आपको इस मॉडल तक पहुँच की अनुमति नहीं है")), (403, said("คุณไม่มีสิทธิ์ใช้โมเดลนี้")),
  (403, said("Bạn không có quyền sử dụng mô hình này")), (403, said("Anda tidak memiliki akses ke model ini")), (403, said("У вас немає доступу до цієї моделі")),
  (403, said("U hebt geen toegang tot dit model")), (403, said("K tomuto modelu nemáte přístup")),
 ]),
 ("rate", EITHER, 90, [
  (429, said("تم تجاوز الحد. حاول بعد 90 ثانية")), (429, said("सीमा पार हुई, 90 सेकंड बाद पुनः प्रयास करें")), (429, said("ถึงขีดจำกัดแล้ว ลองใหม่หลังจาก 90 วินาที")),
  (429, said("Vượt giới hạn tốc độ. Vui lòng đợi 90 giây.")), (429, said("Batas permintaan tercapai. Tunggu 90 detik.")), (429, said("Ліміт запитів перевищено, спробуйте за 90 секунд")),
  (429, said("Limiet bereikt, probeer opnieuw over 90 seconden")), (429, said("Limit dosažen, zkuste za 90 sekund")), (429, said("För många förfrågningar, försök igen om 90 sekunder")),
 ]),
 ("overload server", EITHER, SOON_S, [(503, said("النموذج مشغول، حاول لاحقًا")), (503, said("सर्वर व्यस्त है")), (503, said("ระบบขัดข้องชั่วคราว")), (503, said("Mô hình đang bận")), (500, said("Server kelebihan beban")), (503, said("Сервіс тимчасово недоступний"))]),
 ("context", NOBODY, ANY, [(400, said("النص طويل جدًا على سياق النموذج")), (400, said("इनपुट बहुत लंबा है")), (400, said("ข้อความยาวเกินไปสำหรับบริบทของโมเดล")), (400, said("Đầu vào quá dài so với ngữ cảnh")), (400, said("Input terlalu panjang")), (400, said("Вхідний текст занадто довгий для контексту"))]),
 # moments
 ("quota rate", EITHER, 6300, [
  (429, said("Kontingent aufgebraucht, in 1h45 wieder verfügbar")), (429, said("Limit erreicht. Nächster Versuch in 105 min möglich.")), (429, said("noch 1 Std. 45 Min. bis zum Reset, Limit erreicht")),
  (429, said("Usage exhausted (retry-after: PT1H45M)")), (429, said("quota used, back in 1h45m")), (429, said("Límite alcanzado, quedan 1 h 45 min")), (429, said("Limite raggiunto, riprova tra 105 minuti")),
  (429, {"error":{"message":"limit","resets_at_ms":(EPOCH+6300)*1000}}), (429, {"error":{"message":"limit","retry_after_ms":6300000}}), (429, {"error":{"message":"limit","details":[{"resetIn":"1h45m"}]}}),
  (429, {"error":{"message":"limit","limits":{"reset":"2026-11-24T13:45:00Z"}}}), (429, said("Exceeded. Next request allowed at 2026-11-24T13:45:00.000Z")),
 ]),
 ("quota rate", EITHER, (158_000, 159_000), [(429, said("Plan limit reached. No requests until 23:59 PST tomorrow."))]),
 ("quota rate", EITHER, 8*86400-12*3600, [(429, said("Limit reached; it will reset on Dec 2")), (429, said("Credits used up. Renews 2 December 2026."))]),
 # long
 ("quota", EITHER, LONG, [(403, {"a":ITEMS,"error":{"msg":"monthly usage limit reached"},"b":ITEMS}), (402, {"a":ITEMS,"error":{"error_message":"no credits left"},"b":ITEMS})]),
 ("overload server", EITHER, SOON_S, [(503, {"a":ITEMS,"detail":"All replicas are busy","b":ITEMS})]),
 ("context", NOBODY, ANY, [(400, {"a":ITEMS,"error":{"message":"prompt is too long: 240000 tokens > 200000 maximum"},"b":ITEMS})]),
 ("rate", EITHER, 14, [(429, {"a":ITEMS,"error":{"message":"rate limit exceeded","retry_after":14},"b":ITEMS})]),
 # of the request
 ("request unsupported context", NOBODY, ANY, [
  (400, said("tool_choice limit: only one forced tool is allowed")), (400, said("Total image size exceeds the 30 MB limit")), (400, said("max_tokens must not exceed 4096")),
  (400, said("Your prompt was rejected by the moderation filter")), (400, said("Parameter 'n' exceeds allowed maximum of 1")), (400, said("Too many messages: at most 100000 are allowed")),
  (400, said("stop_sequences: limit of 5 exceeded")), (400, said("function 'check_quota_exceeded' has an invalid schema")), (400, said("cached content is too small: minimum 1024 tokens")),
  (400, said("budget_tokens must be at least 1024")), (400, said("'limit' is not of type 'integer'")), (400, said("Model output was blocked by content filter")),
  (400, said("PDF exceeds the limit of 100 pages")), (422, said("temperature must be less than or equal to 2")), (400, said("assistant message must not be empty when tool_calls is absent")),
 ]),
 # vendors and gateways
 ("rate windowless overload", EITHER, SOON_S, [
  (429, {"error":{"message":"Requests per second limit reached for this key"}}), (429, {"error":{"code":"too_many_requests","message":"Hold on, you're going too fast"}}), (503, {"error":{"message":"Rate exceeded"}}),
  (429, {"message":"Throughput limit exceeded for provisioned deployment"}), (429, {"error":{"message":"You have too many active streams"}}),
 ]),
 ("server overload timeout", EITHER, SOON_S, [
  (500, {"error":{"message":"upstream returned status 500"}}), (502, "Bad Gateway"), (503, {"error":{"message":"Model server unreachable"}}), (504, {"error":{"message":"Timed out waiting for the model"}}),
  (500, {"error":{"type":"internal","message":"unexpected failure, our team was notified"}}), (503, page("Service Unavailable", "HAProxy: No server is available to handle this request.")),
 ]),
 ("server", WHOLE, (30, 7200), [(403, page("Blocked", "Your company's security policy blocks AI tools. Contact IT.")), (403, page("Access to this site is denied", "McAfee Web Gateway. URL categorised as Artificial Intelligence."))]),
 ("auth", WHOLE, CLEARED, [
  (401, {"error":{"message":"Token signature invalid"}}), (401, {"error":{"message":"Please sign in again"}}), (403, {"error":{"message":"Invalid project API key"}}), (400, {"error":{"message":"malformed api key"}}), (401, {"detail":"Could not authenticate request"}),
 ]),
 ("account auth", WHOLE, CLEARED, [(403, said("Account closed at the owner's request")), (403, said("Your region is under embargo")), (403, said("Two-factor verification of your account is required")), (403, said("The tenant was suspended"))]),
 ("model", ONE, LONG, [(404, said("Unknown deployment 'opus-prod'")), (400, said("Model claude-opus-9 is in limited preview; request access")), (403, said("Your key may not call claude-opus-5-5")), (404, said("claude-opus-9: model retired 2026-10-01"))]),
 ("quota", EITHER, LONG, [
  (402, said("No funds")), (403, said("Team budget of $200 consumed for November")), (429, said("You've hit the weekly cap for Opus on the Pro plan")), (403, said("Free requests for today are gone")),
  (429, {"error":{"message":"Monthly allowance exhausted","code":"allowance_exhausted"}}), (402, {"error":{"code":"overdue_invoice","message":"Please settle your outstanding invoice"}}), (429, said("Your plan's premium requests ran out")),
 ]),
]  # fmt: skip

NINTH: list[Group] = [
 ("quota", EITHER, LONG, [
  (402, {"error":{"message":"Your workspace has insufficient credits to process this request","type":"billing"}}),
  (429, {"error":{"message":"You have used 100% of your monthly plan usage","type":"usage_limit"}}),
  (403, {"error":{"message":"Free plan limit reached. Upgrade to Pro to continue."}}),
  (429, {"error":{"code":"weekly_limit_reached","message":"You reached the weekly limit of your plan"}}),
  (402, "Payment Required"),
  (403, {"error":{"message":"The spending cap of this API key ($5.00) has been reached"}}),
  (429, {"error":{"message":"Daily request quota for your tier is exhausted. Quota is restored at midnight."}}),
  (400, {"error":{"message":"Insufficient wallet balance"}}),
  (429, {"error":{"message":"quota_exceeded: monthly tokens 10000000/10000000"}}),
  (403, {"error":{"message":"Your trial credits have run out"}}),
  (429, {"error":{"message":"You've reached your 5-hour usage limit. Please wait for the next window."}}),
  (403, {"message":"Account balance is negative, service suspended until payment"}),
  (402, {"detail":"This endpoint needs credits; your balance is $0.00"}),
  (429, {"error":{"message":"Out of included AI credits for this month"}}),
 ]),
 ("quota", EITHER, LONG, [
  (403, said("رصيدك لا يكفي")), (429, said("وصلت إلى حد الاستخدام الشهري")), (429, said("आपकी मासिक उपयोग सीमा पूरी हो गई")), (402, said("क्रेडिट समाप्त")),
  (429, said("โควตาเดือนนี้หมดแล้ว")), (403, said("เครดิตหมด กรุณาเติมเครดิต")), (429, said("Bạn đã hết hạn mức trong tuần này")), (403, said("Tài khoản không đủ số dư")),
  (429, said("Anda telah melebihi kuota bulan ini")), (402, said("Kredit habis, silakan isi ulang")), (429, said("Місячну квоту перевищено")), (403, said("Недостатній баланс")),
  (429, said("Je wekelijkse quota is bereikt")), (403, said("Geen krediet meer")), (429, said("Denní kvóta byla vyčerpána")), (403, said("Nedostatek kreditů")),
  (429, said("Du hast dein Monatslimit ausgeschöpft")), (429, said("Vous avez épuisé votre quota hebdomadaire")), (429, said("Has agotado tu cuota diaria")), (429, said("Sua cota mensal acabou")),
 ]),
 ("auth", WHOLE, CLEARED, [
  (400, said("مفتاح API مفقود")), (403, said("انتهت صلاحية الرمز")), (400, said("API कुंजी आवश्यक है, नहीं मिली")), (403, said("टोकन अमान्य है")), (400, said("ไม่พบคีย์ API")), (403, said("โทเค็นไม่ถูกต้อง")),
  (400, said("Thiếu khóa API")), (403, said("Mã truy cập không hợp lệ")), (403, said("Kunci API sudah kedaluwarsa")), (403, said("Токен недійсний")), (403, said("Ongeldig token")), (403, said("Neplatný token")),
 ]),
 ("model", ONE, LONG, [
  (404, said("النموذج غير مدعوم")), (404, said("मॉडल मौजूद नहीं है")), (404, said("ไม่มีโมเดลนี้")), (404, said("Mô hình gpt-9 không khả dụng")), (404, said("Model gpt-9 tidak dikenal")),
  (404, said("Невідома модель gpt-9")), (404, said("Onbekend model gpt-9")), (404, said("Neznámý model gpt-9")),
 ]),
 ("rate windowless", EITHER, (0, 300), [
  (429, said("طلبات كثيرة، تمهل قليلاً")), (429, said("बहुत अधिक अनुरोध भेजे गए")), (429, said("ส่งคำขอถี่เกินไป")), (429, said("Bạn thao tác quá nhanh")), (429, said("Terlalu banyak permintaan")),
  (429, said("Занадто часті запити")), (429, said("Te veel verzoeken tegelijk")), (429, said("Příliš mnoho požadavků najednou")),
 ]),
 ("account", WHOLE, LONG, [(403, said("الحساب موقوف")), (403, said("खाता बंद कर दिया गया")), (403, said("บัญชีถูกปิดใช้งาน")), (403, said("Tài khoản đã bị vô hiệu hóa")), (403, said("Akun dinonaktifkan")), (403, said("Акаунт заблоковано адміністратором")), (403, said("Account opgeschort")), (403, said("Účet pozastaven"))]),
 ("quota rate", EITHER, 7200, [
  (429, said("Limit reached; available again in 2 hours")), (429, said("Kontingent erschöpft, noch 2 Std.")), (429, said("Quota épuisé, disponible dans 2h")), (429, said("Límite alcanzado, vuelva en 120 min")),
  (429, said("Limit reached, retry in PT2H")), (429, {"error":{"message":"limit","reset_after":"PT120M"}}), (429, {"error":{"message":"limit","reset":EPOCH+7200}}), (429, {"error":{"message":"limit","nextResetTime":(EPOCH+7200)*1000}}),
  (429, said("usage limit - resets 2pm UTC")), (429, said("Лимит исчерпан, попробуйте через 2 часа")), (429, said("已达上限，2小时后重置")), (429, said("利用上限に達しました。2時間後に再試行してください")),
  (429, said("Hạn mức đã hết, thử lại sau 2 giờ")), (429, said("Batas tercapai, coba lagi dalam 2 jam")), (429, said("Ліміт вичерпано, спробуйте через 2 години")), (429, said("Limit vyčerpán, zkuste to za 2 hodiny")), (429, said("โควตาหมด ลองใหม่ในอีก 2 ชั่วโมง")), (429, said("تم بلوغ الحد، حاول بعد ساعتين")), (429, said("सीमा समाप्त, 2 घंटे बाद प्रयास करें")),
 ]),
 ("quota rate", EITHER, 36*3600, [(429, said("Limit reached. Resets Nov 26 at 00:00 UTC."))]),
 ("request unsupported context", NOBODY, ANY, [
  (400, said("The number of tokens requested (9000) exceeds max_tokens allowed (8192)")), (400, said("Invalid parameter: limit must be positive")), (400, said("Prompt flagged by safety policy")), (400, said("context window exceeded by 12000 tokens")),
  (400, said("unsupported tool type: web_search_20260101")), (400, said("tools.0: 'rate_limiter' is not a valid tool name")), (400, said("message content is too large: limit 1 MB")), (400, said("Reasoning effort 'max' is not allowed for this model")),
  (400, said("input_audio is not supported")), (400, said("invalid base64 in image")), (400, said("messages must alternate between user and assistant")), (400, said("parallel_tool_calls is not supported with strict schemas")),
  (400, said("Your request contains disallowed content")), (400, said("system prompt exceeds the limit of 32768 characters")), (400, said("response exceeded the maximum output length")), (422, said("extra fields not permitted: store")),
 ]),
 ("rate windowless overload", EITHER, SOON_S, [
  (429, {"error":{"message":"Rate limit: slow down please"}}), (429, {"error":{"message":"Exceeded 20 RPM"}}), (429, {"error":{"message":"Too many tokens in the last minute"}}), (403, {"error":{"message":"Rate limit exceeded for your IP"}}), (429, {"error":{"message":"Burst capacity exceeded, try again shortly"}}), (503, {"error":{"message":"Too many requests to this model right now"}}), (429, {}), (429, {"message":None}),
 ]),
 ("server overload timeout", EITHER, SOON_S, [
  (500, {"error":{"message":"Model inference failed unexpectedly"}}), (503, {"error":{"message":"No capacity right now"}}), (502, {"error":{"message":"Invalid response from upstream"}}), (504, {"message":"The upstream server is timing out"}), (500, ""), (503, ""), (520, "error code: 520"), (500, {"error":"GPU worker crashed"}),
 ]),
 ("auth", WHOLE, CLEARED, [(401, ""), (401, {"error":"unauthorized"}), (403, {"error":{"message":"API key expired"}}), (401, {"error":{"message":"Wrong API key"}}), (400, {"error":{"message":"No API key was provided"}}), (403, {"error":{"message":"Token has insufficient scope"}})]),
 ("account auth", WHOLE, CLEARED, [(403, said("Your account was banned")), (403, said("Access from this country is blocked")), (403, said("Organization is deactivated")), (403, said("Account pending approval"))]),
 ("model", ONE, LONG, [(404, {"error":{"message":"model 'x' not found, try pulling it first"}}), (400, said("Unsupported model id")), (403, said("Your plan doesn't include this model")), (404, {"error":{"code":"model_not_found","message":"not found"}}), (400, said("The model was deprecated on 2026-06-01"))]),
 ("server", WHOLE, (30, 7200), [(403, page("Forcepoint", "Access blocked by your organization")), (403, page("Content blocked", "Sophos: this website has been categorised as AI tools"))]),
]  # fmt: skip

TENTH: list[Group] = [
 ("quota", EITHER, LONG, [
  (429, {"error":{"message":"Your subscription's monthly request allowance has been fully consumed"}}),
  (402, {"error":{"code":"no_credit","message":"Please purchase credit to continue"}}),
  (403, {"error":{"message":"Project spend limit of USD 100 exceeded"}}),
  (429, {"error":{"message":"You are over your weekly limit"}}),
  (400, {"error":{"message":"Your balance is insufficient for this request"}}),
  (403, {"error":{"message":"Usage quota for this key is zero"}}),
  (429, {"error":{"message":"The organization has hit its daily token cap"}}),
  (402, {"error":{"message":"Billing account inactive"}}),
  (403, {"error":{"message":"Your free quota has been used up. Bind a card to continue."}}),
  (429, {"detail":"Plan quota exceeded, resets next month"}),
  (429, {"error":{"message":"You've reached your limit for Claude Opus this week"}}),
  (403, {"error":{"message":"Credits expired"}}),
  (402, {"error":{"message":"insufficient_funds: top up at https://x"}}),
 ]),
 ("quota", EITHER, LONG, [
  (429, said("تجاوزت حصتك اليومية")), (403, said("الرصيد منتهٍ، يرجى الشحن")), (429, said("आज का कोटा समाप्त")), (403, said("अपर्याप्त क्रेडिट")), (429, said("ใช้โควต้ารายเดือนครบแล้ว")), (403, said("ยอดเงินไม่พอ")),
  (429, said("Vượt hạn ngạch tháng này")), (403, said("Không đủ tín dụng")), (429, said("Kuota mingguan terlampaui")), (403, said("Saldo kurang")), (429, said("Використано весь денний ліміт")), (403, said("Кредити закінчились")),
  (429, said("Daglimiet overschreden")), (403, said("Saldo te laag, onvoldoende tegoed")), (429, said("Překročena měsíční kvóta")), (403, said("Nedostatečný zůstatek")),
 ]),
 ("auth", WHOLE, CLEARED, [
  (400, said("مفتاح غير صحيح")), (400, said("API कुंजी अमान्य या समाप्त")), (400, said("คีย์หมดอายุ")), (400, said("API key không hợp lệ")), (400, said("Kunci API salah: tidak valid")), (400, said("Ключ API недійсний")), (400, said("Ongeldige sleutel")), (400, said("Klíč vypršel")),
 ]),
 ("model", ONE, LONG, [
  (404, said("النموذج غير موجود")), (404, said("मॉडल नहीं मिला")), (404, said("ไม่พบแบบจำลอง")), (404, said("Mô hình không tồn tại")), (404, said("Model tidak ada atau tidak ditemukan")), (404, said("Модель недоступна")), (404, said("Model niet gevonden")), (404, said("Model nenalezen")),
 ]),
 ("rate", EITHER, 15, [
  (429, said("انتظر 15 ثانية ثم أعد المحاولة")), (429, said("15 सेकंड बाद प्रयास करें")), (429, said("รอ 15 วินาที")), (429, said("Chờ 15 giây rồi thử lại")), (429, said("Tunggu 15 detik")), (429, said("Зачекайте 15 секунд")), (429, said("Probeer het over 15 seconden opnieuw")), (429, said("Počkejte 15 sekund")), (429, said("Try again in 15s")), (429, said("retry in PT15S")),
 ]),
 ("overload server", EITHER, SOON_S, [(503, said("الخدمة مشغولة")), (503, said("सेवा व्यस्त")), (503, said("บริการไม่พร้อม")), (503, said("Dịch vụ quá tải")), (503, said("Server sibuk")), (503, said("Сервіс перевантажено")), (503, said("Dienst overbelast")), (503, said("Služba přetížena"))]),
 ("account", WHOLE, LONG, [(403, said("تم حظر الحساب")), (403, said("खाता निलंबित")), (403, said("บัญชีถูกระงับชั่วคราว")), (403, said("Tài khoản bị khóa")), (403, said("Akun diblokir")), (403, said("Обліковий запис вимкнено")), (403, said("Account geblokkeerd")), (403, said("Účet deaktivován"))]),
 ("quota rate", EITHER, 3*3600, [
  (429, said("Limit hit. Window reopens in 3h.") ), (429, said("Usage limit, resets at 3 PM UTC")), (429, said("Limit erreicht, wieder ab 15:00 Uhr UTC") ), (429, said("Kontingent weg, noch 180 Min.")), (429, said("in 3h00 wieder verfügbar, Limit erreicht")), (429, {"error":{"message":"limit","resetsAt":EPOCH+10800}}), (429, {"error":{"message":"limit","reset_in_seconds":10800}}), (429, {"error":{"message":"limit","retryDelay":"PT3H"}}),
  (429, said("Quota reached (reset: 2026-11-24 15:00:00 UTC)")), (429, said("Límite alcanzado. Reintente en 180 minutos")), (429, said("Limite atteinte, réessayez dans 3 heures")),
 ]),
 ("quota rate", EITHER, 6*86400+12*3600, [(429, said("Monthly limit reached, resets December 1")), (429, said("Your limit resets on 1 Dec 2026"))]),
 ("request unsupported context", NOBODY, ANY, [
  (400, said("max_tokens is too large for this model: limit 8192")), (400, said("Input exceeds the token limit of this model")), (400, said("At most 20 images are permitted per request")), (400, said("Property 'quota' is not defined in the schema")), (400, said("tool result for 'read_usage_limits' is missing")),
  (400, said("This content was blocked by our filters")), (400, said("'messages' is too short - 'messages'")), (400, said("json_schema: maximum nesting depth exceeded")), (400, said("unknown role 'limit'")), (400, said("thinking budget exceeds output limit")), (400, said("image too large: 9 MB, limit 5 MB")), (400, said("cannot mix tools and response_format")),
 ]),
 ("rate windowless overload", EITHER, SOON_S, [(429, said("Request limit per minute exceeded")), (429, said("Please slow your requests")), (403, said("Throttled: too many calls")), (429, said("max concurrency reached"))]),
 ("server overload timeout", EITHER, SOON_S, [(500, said("unexpected error")), (502, said("upstream unavailable")), (503, said("model is starting")), (504, said("gateway timed out")), (500, {"error":{"code":"internal_failure","message":"x"}})]),
 ("auth", WHOLE, CLEARED, [(401, said("bad credentials")), (403, said("invalid api token")), (401, said("session token expired")), (400, said("API key format is incorrect"))]),
 ("account auth", WHOLE, CLEARED, [(403, said("account frozen")), (403, said("country unsupported")), (403, said("organization locked"))]),
 ("model", ONE, LONG, [(404, said("there is no model gpt-9")), (403, said("model access not granted")), (400, said("model is not deployed"))]),
 # long
 ("quota", EITHER, LONG, [(429, {"x":ITEMS,"error":{"message":"weekly limit reached"},"y":ITEMS})]), ("auth", WHOLE, CLEARED, [(401, {"x":ITEMS,"message":"bad api key","y":ITEMS})]), ("request unsupported", NOBODY, ANY, [(400, {"x":ITEMS,"error":{"message":"top_p must be at most 1"},"y":ITEMS})]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "scopes", "rest", "status", "body"), rows(FIFTH + SIXTH + SEVENTH + EIGHTH + NINTH + TENTH)
)
def test_an_answer_of_the_wide_world_means_what_its_users_want(
    kinds: str, scopes: tuple[str | None, ...], rest: Any, status: int, body: Any
) -> None:
    means(status, body, kinds, scopes, rest)


def test_the_last_event_of_a_long_stream_is_read() -> None:
    event = "data: " + json.dumps(
        {"choices": [{"delta": {"content": "The limit of a function is exceeded."}}]}
    )
    last = "data: " + json.dumps({"error": {"message": "Insufficient credits", "code": 402}})

    failure = read(200, {}, "\n\n".join([*[event] * 200, last, ""]))

    assert failure.kind == "quota"


# word, what the agent printed, status, classes, seconds of rest
REPORTED: list[tuple[str, str, int | None, str, Any]] = [
 ("rate_limit","Weekly limit reached · resets 10am (Asia/Seoul) · /upgrade to Max or turn on /extra-usage",None,"quota",13*3600), # anthropics/claude-code#12789
 ("rate_limit","You've hit your limit · resets 11pm (America/Anchorage)",None,"quota rate",20*3600), # #19472
 ("rate_limit","You've hit your weekly limit · resets Nov 30, 2am (UTC)",None,"quota",at(11,30,2)), # #81647
 ("rate_limit","You've hit your weekly limit · resets Nov 27 at 4:30am (Asia/Calcutta)",None,"quota",at(11,26,23)),
 ("rate_limit","Claude AI usage limit reached|1795532400",None,"quota",1795532400-int(NOW.timestamp())), # #9046
 ("unknown","API Error: Request rejected (429) · Rate limited. Please try again later.",429,"rate","any"), # #69023
 ("server_error","API Error: Server is temporarily limiting requests (not your usage limit) · Rate limited",None,"rate overload server","any"), # #71669
 ("unknown","unexpected status 401 Unauthorized: {\"detail\":\"Unauthorized\"}, url: https://chatgpt.com/backend-api/codex/responses, cf-ray: a06b9c52, request id: 572c",401,"auth","cleared"), # openai/codex#26497
 ("unknown","unexpected status 403 Forbidden: , url: https://chatgpt.com/backend-api/codex/responses, request id: 9be5",403,"auth account server","any"), # openai/codex#9278
 ("unknown","unexpected status 400 Bad Request: {\"detail\":\"Instructions are not valid\"}",400,"unsupported request","any"), # openai/codex#3224
 ("unknown","exceeded retry limit, last status: 401 Unauthorized",401,"auth","cleared"), # openai/codex#2896
 ("unknown","stream disconnected before completion: Concurrency limit exceeded for account, please retry later",None,"rate","any"), # Wei-Shaw/sub2api#5806
 ("unknown","API Error: 503 auth_unavailable: no auth available (providers=claude, model=qwe/GLM-5); check Claude auth/key session and cooldown state via /v0/management/auth-files. This is a server-side issue, usually temporary",503,"overload model server","any"), # CLIProxyAPI#4059
 ("unknown","✕ [API Error: 401 invalid access token or token expired]",401,"auth","cleared"), # QwenLM/qwen-code#3309
 ("unknown","API Error: 402 {\"error\":{\"message\":\"Free quota used (30 requests / 5h). Resets at 15:00 UTC. Top up for unlimited access\",\"type\":\"insufficient_quota\",\"code\":\"free_quota_exceeded\"}}",402,"quota",3*3600), # Gitlawb/openclaude#1554
 ("authentication_failed","Failed to authenticate. API Error: 403 {\"error\":{\"type\":\"permission_error\",\"message\":\"You've reached your usage limit for this billing cycle. Your quota will be refreshed in the next cycle.\"},\"type\":\"error\"}",403,"quota","any"), # NanmiCoder/cc-haha#1208
 ("unknown","Individual quota reached. Please upgrade your subscription to increase your limits. Resets in 143h57m55s.",None,"quota",518275), # antigravity-cli#789
 ("unknown","Selected model is at capacity. Please try a different model.",None,"overload","any"), # openai/codex#19446
 ("unknown","AI_APICallError: Rate limit exceeded. Please try again later.",None,"rate","any"), # anomalyco/opencode#42827
 ("unknown","Error: 5-hour limit reached ∙ resets 6:30pm (Asia/Kolkata)",None,"quota",3600),
 ("unknown","Usage limit reached. Your limit resets in 1h 12m.",None,"quota",4320),
 ("unknown","You've used all your premium requests. Resets on December 1.",None,"quota",at(12,1,0)),
 ("unknown","Context length exceeded: 210000 > 200000 tokens",400,"context","any"),
 ("unknown","Prompt blocked by safety filters",400,"request","any"),
 ("unknown","Kontingent aufgebraucht, noch 2 Std. 5 Min.",None,"quota rate",7500),
]  # fmt: skip


@pytest.mark.parametrize(("word", "text", "status", "kinds", "rest"), REPORTED, ids=range(len(REPORTED)))
def test_what_agents_print_of_it_has_its_class_and_its_end(
    word: str, text: str, status: int | None, kinds: str, rest: Any
) -> None:
    failure = classify_agent_error(word, text, NOW, meanings=MEANINGS, status=status, model="claude-opus-5-5")

    assert failure.kind in kinds.split()
    assert rests_as_wanted(failure, rest), failure.until
