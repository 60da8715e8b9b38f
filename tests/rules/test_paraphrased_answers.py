"""Each class in words that nobody was seen to send: kinds of sentences are read, not known ones alone."""

# ruff: noqa: E501 - wordings stay on one line

from __future__ import annotations

import pytest

from tests.rules.test_answers_in_the_wild import read

WHOLE, ONE, EITHER, NOBODY = ("provider",), ("model",), ("provider", "model"), (None,)

SENTENCES: list[tuple[str, tuple[str | None, ...], list[tuple[int, str]]]] = [
    ("quota", EITHER, [
        (403, "You've used all of your monthly credits. Upgrade to continue."),
        (402, "Your account has no remaining credits."),
        (403, "Your free trial has ended. Please upgrade to a paid plan."),
        (403, "Free trial expired"),
        (429, "Your plan's token allowance is exhausted."),
        (403, "This API key has reached its usage cap."),
        (403, "Spending limit of $20.00 reached"),
        (400, "Wallet balance too low. Please add funds."),
        (400, "Not enough balance to run this request"),
        (403, "Insufficient tokens in your account"),
        (429, "Monthly token budget exhausted, resets on Dec 1"),
        (429, "You have reached your daily message limit"),
        (429, "Usage cap reached for today"),
        (403, "Your organization has exceeded its usage limit"),
        (429, "You are out of tokens. Buy more to continue."),
        (403, "Prepaid balance exhausted"),
        (400, "Account has insufficient prepaid credit"),
        (402, "Billing issue: card declined"),
        (429, "The free plan quota has been used up"),
        (403, "Quota limit reached for this billing period"),
        (429, "You've reached your 5-hour message limit. Resets at 3:00 PM"),
        (429, "Fair usage limit reached for this week"),
        (403, "Subscription required to use this API"),
        (429, "exceeded the maximum number of requests allowed this month"),
    ]),
    ("rate windowless", EITHER, [
        (429, "Slow down!"),
        (429, "Request throttled"),
        (403, "You are sending requests too quickly. Please slow down."),
        (400, "Max requests per second exceeded"),
        (429, "Too many concurrent requests for this model"),
        (503, "burst limit exceeded, retry in 2s"),
        (400, "Quota exceeded: 60 RPM"),
        (429, "You hit the RPM cap for this key"),
        (429, "API calls limit exceeded, maximum admitted 10 per second"),
        (403, "Rate limit reached, please try again in 12 seconds"),
        (429, "request limit exceeded"),
        (400, "QPS limit exceeded"),
        (429, "TPM exceeded"),
        (429, "Too Many Requests"),
        (420, "Enhance your calm"),
    ]),
    ("overload server windowless rate", EITHER, [
        (503, "We're at capacity right now. Try again shortly."),
        (503, "No GPUs available"),
        (500, "model server is scaling up, cold start in progress"),
        (529, "Temporarily unable to process your request due to demand"),
        (503, "Backend busy"),
        (429, "The service is experiencing unusually high traffic"),
        (500, "All workers are busy"),
        (503, "Model is warming up, please retry"),
        (400, "The model is temporarily unavailable, please try again later"),
        (503, "Deployment is scaling from zero"),
        (500, "resource temporarily unavailable: out of capacity"),
    ]),
    ("model", ONE, [
        (403, "gpt-6 is not enabled for your organization"),
        (404, "Engine not found"),
        (400, "This model has been sunset. Use gpt-6.1 instead."),
        (400, "The model `x` has been deprecated, learn more here"),
        (404, "No deployment matches model x"),
        (403, "The model is not allowed for this key"),
        (400, "unknown engine: x"),
        (400, "Model x is not supported by this endpoint"),
        (404, "The model 'x' could not be found"),
        (400, "model x is not available for your tier"),
        (403, "Your plan does not have access to this model"),
        (404, "no model with name x"),
        (400, "Model not available in this region"),
        (403, "You need to request access to this model before using it"),
        (400, "Model 'x' is not part of your subscription"),
        (422, "Unsupported model: x"),
    ]),
    ("auth", WHOLE, [
        (401, "Signature verification failed"),
        (401, "JWT expired"),
        (403, "Forbidden: bad token"),
        (403, "This API key is disabled"),
        (401, "Session expired, please sign in again"),
        (401, "Could not validate credentials"),
        (400, "Invalid API key provided"),
        (403, "The API key you provided does not exist"),
        (400, "Missing Authorization header"),
        (401, "User not authorised"),
        (403, "API key has been deleted"),
        (400, "authorization header malformed"),
        (500, "invalid api key"),
        (403, "Your credentials do not have permission to perform this action"),
        (401, "Login expired"),
    ]),
    ("account", WHOLE, [
        (403, "Your account has been flagged for unusual activity"),
        (403, "Your account is under review"),
        (403, "Identity verification is required before using the API"),
        (403, "Access from your country is prohibited"),
        (403, "This service is not available in your region"),
        (400, "Organization not approved for API access"),
        (403, "Your account has been terminated for violating our terms"),
        (403, "Your IP address has been blocked"),
        (403, "You must accept the new terms of service before continuing"),
    ]),
    ("context", NOBODY, [
        (400, "Prompt exceeds max context of 131072 tokens"),
        (400, "input tokens (140000) exceed the limit of 131072"),
        (400, "Your request has 140000 tokens but the model's limit is 128000"),
        (413, "Prompt is too large for this model: 210000 > 200000 tokens"),
        (400, "This request exceeds the model's context size"),
        (500, "Requested tokens (9000) exceed context window of 8192"),
        (400, "The conversation is too long, please start a new one"),
        (400, "messages exceed the maximum token length of 32768"),
        (400, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"),
    ]),
    ("request", NOBODY, [
        (400, "The request was rejected as a result of our safety system"),
        (403, "Your prompt was blocked because it contains disallowed content"),
        (400, "Prompt blocked by content moderation"),
        (400, "Content flagged for possible policy violation"),
        (422, "Unsafe prompt detected"),
        (451, "This content can't be processed due to our content policy"),
    ]),
    ("server timeout network overload", EITHER, [
        (502, "socket hang up"),
        (500, "read ECONNRESET"),
        (502, "upstream prematurely closed connection while reading response header"),
        (500, "unexpected EOF"),
        (502, "The server encountered a temporary error and could not complete your request. Please try again in 30 seconds."),
        (500, "java.lang.NullPointerException"),
        (504, "upstream request timeout"),
        (500, "Internal Error"),
        (502, "no healthy upstream"),
        (500, "Something went wrong"),
        (400, "Upstream service error"),
        (500, "Failed to generate a response"),
        (500, "context deadline exceeded"),
    ]),
    ("unsupported", NOBODY, [
        (400, "Unknown field `cache_control`"),
        (422, "body.thinking: extra fields not permitted"),
        (400, "Parameter 'top_k' is not supported"),
        (400, "stream_options is not a recognised parameter"),
        (400, "This model does not support function calling"),
        (400, "This model does not support vision"),
        (400, "Images are not supported by this model"),
        (400, "`temperature` is not supported with reasoning models"),
        (400, "Unrecognized property: reasoning_effort"),
        (400, "unexpected property 'metadata'"),
        (400, "system role is not supported"),
        (400, "Tool calls are not supported for this model"),
    ]),
    ("address", WHOLE, [
        (404, "Cannot POST /v1/v1/messages"),
        (404, "The requested resource was not found on this server"),
        (405, "Method Not Allowed"),
        (404, "Not Found"),
        (404, "no Route matched with those values"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "scopes", "status", "sentence"),
    [
        pytest.param(kinds, scopes, status, sentence, id=f"{kinds.split()[0]}-{number}")
        for kinds, scopes, sentences in SENTENCES
        for number, (status, sentence) in enumerate(sentences)
    ],
)
def test_a_sentence_in_other_words(
    kinds: str, scopes: tuple[str | None, ...], status: int, sentence: str
) -> None:
    failure = read(status, {}, {"error": {"message": sentence}})

    assert failure.kind in kinds.split()
    assert failure.scope in scopes
