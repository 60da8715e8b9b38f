"""What looks like a key, or is one, is masked; ordinary words stay."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.rules import masking
from pf_tui.rules.masking import MASK, ValueMask, by_shape, clean

HEX = "9f86d081884c7d659a2feaa0c55ad015"
LETTERS = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA"

KEYS = [
    pytest.param(f"sk-ant-api03-{LETTERS}-{LETTERS}AA", id="anthropic-api"),
    pytest.param(f"sk-ant-oat01-{LETTERS}_{LETTERS}AA", id="anthropic-oauth"),
    pytest.param(f"sk-ant-admin01-{LETTERS}", id="anthropic-admin"),
    pytest.param(f"sk-proj-{LETTERS}T3BlbkFJ{LETTERS}", id="openai-project"),
    pytest.param(f"sk-svcacct-{LETTERS}", id="openai-service-account"),
    pytest.param(f"sess-{LETTERS}", id="openai-session"),
    pytest.param(f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIi{LETTERS}.{LETTERS}-_x", id="a-json-web-token"),
    pytest.param("AIzaSyA-1234567890abcdefghijklmnopqrstu", id="google-api"),
    pytest.param(f"ya29.a0{LETTERS}-{LETTERS}", id="google-access"),
    pytest.param(f"1//0g{LETTERS}", id="google-refresh"),
    pytest.param(f"AQ.Ab8RN6{LETTERS}", id="google-authorization-key"),
    pytest.param("AKIAIOSFODNN7EXAMPLE", id="aws-key-id"),
    pytest.param("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", id="aws-secret"),
    pytest.param(f"ABSKQmVkcm9ja0FQSUtleS1{LETTERS}=", id="bedrock-key"),
    pytest.param(HEX, id="azure"),
    pytest.param(f"{LETTERS}{LETTERS}ACOGabcd", id="azure-long"),
    pytest.param(f"gho_{LETTERS}", id="github"),
    pytest.param(f"github_pat_11ABCDEFG0{LETTERS}", id="github-fine-grained"),
    pytest.param(f"tid={HEX};exp=1764370800;sku=copilot_for_individuals", id="copilot-session"),
    pytest.param(f"sk-or-v1-{HEX}{HEX}", id="openrouter"),
    pytest.param(f"{HEX}{HEX}", id="together-old"),
    pytest.param(f"tgp_v1_{LETTERS}-{LETTERS}", id="together"),
    pytest.param(f"gsk_{LETTERS}", id="groq"),
    pytest.param(f"xai-{LETTERS}{LETTERS}", id="xai"),
    pytest.param(LETTERS, id="mistral"),
    pytest.param(f"sk-{HEX}", id="deepseek"),
    pytest.param(f"{LETTERS}abcdEFGH", id="cohere"),
    pytest.param(f"{HEX}.{LETTERS[:16]}", id="zai"),
    pytest.param(f"newvendor_{LETTERS}", id="a-vendor-of-tomorrow"),
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "around",
    ["Incorrect API key provided: {}.", '{{"error": "bad key \\"{}\\""}}', "key={}&x=1", "[{}]", "{}"],
)
def test_no_part_of_a_key_of_any_provider_is_left(key: str, around: str) -> None:
    shown = by_shape(around.format(key))

    assert MASK in shown
    assert not any(key[start : start + 8] in shown for start in range(4, len(key) - 8))


WHOLE = re.compile("|".join(shape for _, shape in masking._SHAPES))


@given(
    st.lists(
        st.sampled_from(
            [*"aZ09_-.=/+: ", "Bearer ", "bASic\t", "API_KEY=", "toKen: ", "ghx_", "pa_", "AQ.", LETTERS, HEX]
            + [str(key.values[0]) for key in KEYS]
        ),
        max_size=12,
    )
)
def test_looking_for_signs_first_masks_what_all_patterns_together_mask(parts: list[str]) -> None:
    text = "".join(parts)

    assert by_shape(text) == WHOLE.sub(MASK, text)


@pytest.mark.parametrize(
    "words",
    [
        "This request would exceed your organization's rate limit of 30,000 input tokens per minute",
        "request_id req_011CSHoEeqs5C35K2UUqR7Fy1234567890AB failed",
        "model claude-opus-4-5-20251101 is overloaded; anthropic-ratelimit-unified-reset: 1764370800",
        "No endpoints found for meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8:free",
        "trace 0af76519-16cd-43dd-8448-eb211c80319c, see https://docs.example.com/errors/rate-limits",
        "accounts/fireworks/models/deepseek-v3p1 is not available in europe-west4",
        "Incorrect API key provided: it is empty",
    ],
)
def test_ordinary_words_stay(words: str) -> None:
    assert clean(words) == words


@pytest.mark.parametrize(
    "value", ["correct horse battery", 'quo"te\\back/slash', "ключ-от-квартиры", "p@ss+w/rd=="]
)
def test_a_value_in_use_is_masked_in_each_form(value: str) -> None:
    mask = ValueMask([value])
    raw = value.encode()
    forms = [
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        *(base64.b64encode(before + raw + b":rest").decode() for before in (b"", b"a", b"ab", b"abc")),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    ]

    for form in forms[:6]:
        assert mask.text(f"<{form}>") == f"<{MASK}>"
        assert mask.data(f"<{form}>".encode()) == f"<{MASK}>".encode()
    for form in forms[6:]:
        assert MASK in mask.text(f"<{form}>")


def test_a_value_shorter_than_eight_characters_blanks_nothing() -> None:
    assert ValueMask(["none", "", "1234567"]).text("none of 1234567") == "none of 1234567"


@given(st.text(max_size=400))
def test_masking_never_fails_and_masks_once(text: str) -> None:
    once = by_shape(text)

    assert by_shape(once) == once
