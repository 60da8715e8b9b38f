"""A person's providers.yaml: understood, laid over the catalog, or refused with the place of the mistake."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.catalog import Catalog, load, overlay_from_json, overlay_to_json, parse_overlay
from pf_tui.catalog.overlay import OWN_CONTEXT, serving_urls
from pf_tui.catalog.overlay_dialect import SCHEMA_RULES
from pf_tui.catalog.overlay_dialect import SETTINGS as SETTINGS_OF_A_PERSON
from pf_tui.errors import StateFileUnusable
from pf_tui.rules.models import match_model
from pf_tui.translate import SETTINGS, dialect, schemas

FILE = Path("/home/ada/.opencode/provider-fallback/providers.yaml")
PLAIN = load()


def over(text: str) -> Catalog:
    """The catalog with that file over it, by way of the cache's JSON as in real life."""
    overlay = parse_overlay(dedent(text), FILE)
    return load(overlay_from_json(json.loads(json.dumps(overlay_to_json(overlay)))))


def refusal(text: str) -> StateFileUnusable:
    with pytest.raises(StateFileUnusable) as caught:
        parse_overlay(text, FILE)
    return caught.value


@pytest.mark.parametrize("text", ["", "# nothing\n", "version: 1\n", "providers:\n", "[]", "providers: {}"])
def test_a_file_without_providers_changes_nothing(text: str) -> None:
    catalog = over(text)

    assert catalog.providers == PLAIN.providers
    assert catalog.default_priority == PLAIN.default_priority
    assert list(catalog.models) == list(PLAIN.models)


def test_an_own_openai_compatible_server() -> None:
    catalog = over("""
        version: 1
        providers:
        - id: lab
          name: The lab's server
          base_url: http://10.0.0.5:8000/v1
          protocols: [openai]
          env: LAB_KEY
          models:
            claude-sonnet-4.5: {id: proxy/sonnet}
            Lab-70B: {context: 65536, max_output: 8192, price: {input: 1, output: 2.5}}
    """)
    lab = catalog.provider("lab")

    assert (lab.name, lab.auth, lab.env, lab.custom) == ("The lab's server", "api_key", ("LAB_KEY",), True)
    assert lab.base_urls == {
        "openai-chat": "http://10.0.0.5:8000/v1",
        "openai-responses": "http://10.0.0.5:8000/v1",
    }
    assert lab.claude_code.mode == "proxy"
    assert lab.default_model == "claude-sonnet-4-5-20250929"
    assert catalog.default_priority == (*PLAIN.default_priority, "lab")
    assert catalog.native_id("claude-sonnet-4-5-20250929", "lab") == "proxy/sonnet"
    own = catalog.model("lab-70b")
    assert (own.id, own.context, own.max_output, own.custom, own.extra) == (
        *("Lab-70B", 65536, 8192, True),
        False,
    )
    assert own.price is not None
    assert (own.price.input, own.price.output) == (1.0, 2.5)
    assert catalog.find_model("lab/Lab-70B") is own
    assert list(catalog.models)[-1] == "Lab-70B"


def test_one_auth_may_stand_in_a_list_and_two_are_refused() -> None:
    one = over("- {id: lab, base_url: http://lab, auth: [token]}").provider("lab")
    two = refusal("- {id: lab, base_url: http://lab, auth: [token, oauth]}")

    assert one.auth == "token"
    assert two.message == f"{FILE.name} line 1 column 41: a provider has one auth"


def test_an_own_anthropic_compatible_server_reaches_claude_code() -> None:
    catalog = over("""
        providers:
          corp:
            base_urls: {anthropic: 'https://llm.corp.example/anthropic/v1/'}
            models: [claude-opus-5-5]
    """)
    corp = catalog.provider("corp")

    assert corp.protocols == ("anthropic-messages",)
    assert corp.base_urls == {"anthropic-messages": "https://llm.corp.example/anthropic"}
    assert corp.claude_code.mode == "anthropic-compatible"
    assert corp.claude_code.env["ANTHROPIC_BASE_URL"] == "https://llm.corp.example/anthropic"
    assert corp.claude_code.env["ANTHROPIC_API_KEY"] == ""


def test_an_own_server_that_lists_no_models_serves_its_vendors() -> None:
    catalog = over("- {id: corp, base_url: 'https://corp.example', prices: {input: 3, output: 4}}")

    assert catalog.native_id("claude-opus-5-5", "corp") == "claude-opus-5-5"
    assert catalog.native_id("gpt-6.1-sol", "corp") == "gpt-6.1-sol"
    assert not catalog.serves("corp", "gemini-3.8-flash")
    assert not catalog.serves("corp", "claude-opus-4-20250514")
    assert catalog.provider("corp").default_model == "claude-sonnet-5-5"
    price = catalog.models["claude-opus-5-5"].providers["corp"].price
    assert price is not None
    assert price.output == 4.0


def test_an_own_server_that_lists_no_models_is_asked_for_names_that_nobody_else_knows() -> None:
    unlisted = over("- {id: lab, base_url: 'http://lab:1'}")
    listed = over("- {id: lab, base_url: 'http://lab:1', models: [lab-1]}")

    assert match_model("lab", "team-fast-7", unlisted).model == "team-fast-7"
    assert match_model("lab", "team-fast-7", listed).model == "lab-1"


def test_an_own_model_that_cannot_chat_stands_in_for_nobody() -> None:
    catalog = over("- {id: lab, base_url: 'http://lab:1', models: [lab-1, lab-embed-v2]}")

    assert [name for name in catalog.equivalents("claude-opus-5-5") if "lab" in name] == ["lab-1"]
    assert (catalog.chats("lab-1"), catalog.chats("lab-embed-v2")) == (True, False)


def test_an_own_model_stands_in_after_all_others() -> None:
    catalog = over("- {id: lab, base_url: 'http://lab:1', models: [lab-1, lab-2]}")

    assert catalog.equivalents("claude-opus-5-5") == (*PLAIN.equivalents("claude-opus-5-5"), "lab-1", "lab-2")
    assert catalog.equivalents("text-embedding-3-large") == PLAIN.equivalents("text-embedding-3-large")
    assert catalog.equivalents("lab-1")[-1] == "lab-2"


def test_a_window_nobody_gave_is_said_to_be_assumed() -> None:
    model = over("- {id: lab, base_url: 'http://lab:1', models: [lab-1]}").model("lab-1")

    assert model.context == OWN_CONTEXT
    assert model.note == "window not given: 128000 tokens assumed"


def test_one_model_of_two_own_servers_is_one_model() -> None:
    catalog = over("""
        - {id: one, base_url: 'http://one:1', models: [m]}
        - {id: two, base_url: 'http://two:1', models: {m: {id: other-name}}}
    """)

    assert list(catalog.model("m").providers) == ["one", "two"]
    assert catalog.find_model("other-name", "two") is catalog.model("m")


def test_a_shipped_provider_keeps_what_is_not_overridden() -> None:
    catalog = over("""
        providers:
        - id: openrouter
          base_url: http://127.0.0.1:4000/v1
          headers: {X-Title: pf-tui}
          default_model: sonnet 4.6
        - {id: groq, enabled: false}
    """)
    openrouter, before = catalog.provider("openrouter"), PLAIN.provider("openrouter")

    assert openrouter.base_urls == {
        "anthropic-messages": "http://127.0.0.1:4000",
        "openai-chat": "http://127.0.0.1:4000/v1",
        "openai-responses": "http://127.0.0.1:4000/v1",
    }
    assert openrouter.claude_code.mode == "anthropic-compatible"
    assert openrouter.claude_code.env["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:4000"
    assert openrouter.headers == {"X-Title": "pf-tui"}
    assert openrouter.default_model == "claude-sonnet-4-6"
    assert (openrouter.env, openrouter.logins, openrouter.custom) == (before.env, before.logins, False)
    assert not catalog.provider("groq").enabled
    assert catalog.default_priority == PLAIN.default_priority
    assert catalog.provider("mistral-api") == PLAIN.provider("mistral-api")


def test_a_shipped_provider_on_another_host_stays_native() -> None:
    anthropic = over("- {id: anthropic-api, base_url: 'http://localhost:9/'}").provider("anthropic-api")

    assert anthropic.claude_code.mode == "native"
    assert anthropic.claude_code.env["ANTHROPIC_BASE_URL"] == "http://localhost:9"


def test_azure_deployments_get_their_own_names() -> None:
    catalog = over("""
        - id: azure
          base_url: https://me.openai.azure.com/openai/v1
          models: {gpt-6.1-sol: {id: team-sol, context: 300000}}
    """)

    assert catalog.provider("azure").base_urls["openai-chat"] == "https://me.openai.azure.com/openai/v1"
    assert catalog.native_id("gpt-6.1-sol", "azure") == "team-sol"
    assert catalog.find_model("team-sol", "azure") is catalog.models["gpt-6.1-sol"]
    assert catalog.models["gpt-6.1-sol"].providers["azure"].context == 300_000
    assert catalog.native_id("gpt-5.5", "azure") == "gpt-5.5"


def test_a_negotiated_price_holds_at_that_provider_alone() -> None:
    catalog = over("- {id: openrouter, prices: {claude-opus-5-5: {input: 1, output: 2, cache_read: 0.1}}}")
    served = catalog.models["claude-opus-5-5"].providers

    assert served["openrouter"].price is not None
    assert served["openrouter"].price.cache_read == 0.1
    assert served["openrouter"].native_id == "anthropic/claude-opus-5.5"
    assert served["anthropic-api"].price is None


def test_one_price_may_hold_for_everything_a_provider_serves() -> None:
    catalog = over("- {id: together, prices: {input: 1, output: 2}}")

    assert all(
        served.price is not None
        for model in catalog.models.values()
        for provider, served in model.providers.items()
        if provider == "together"
    )


@pytest.mark.parametrize(
    ("base_url", "anthropic", "openai"),
    [
        ("http://h:1", "http://h:1", "http://h:1/v1"),
        ("http://h:1/", "http://h:1", "http://h:1/v1"),
        ("http://h:1/v1", "http://h:1", "http://h:1/v1"),
        ("http://h:1/v1/", "http://h:1", "http://h:1/v1"),
        ("https://h/api", "https://h/api", "https://h/api/v1"),
        ("https://h/api/v1", "https://h/api", "https://h/api/v1"),
        ("https://h/api/paas/v4", "https://h/api/paas/v4", "https://h/api/paas/v4"),
        ("https://h/v1beta/openai", "https://h/v1beta/openai", "https://h/v1beta/openai"),
        ("https://v1.example", "https://v1.example", "https://v1.example/v1"),
    ],
)
def test_one_base_url_serves_every_protocol(base_url: str, anthropic: str, openai: str) -> None:
    assert serving_urls(base_url, ("anthropic-messages", "openai-chat")) == {
        "anthropic-messages": anthropic,
        "openai-chat": openai,
    }


@pytest.mark.parametrize(
    ("text", "line", "column", "why", "hint"),
    [
        pytest.param(
            "providers:\n- id: groq\n\tenabled: true\n",
            *(3, 1, "a tab stands where YAML wants spaces", ""),
            id="tab",
        ),
        pytest.param(
            "providers: [\n", *(2, 1, "expected the node content, but found '<stream end>'", ""), id="syntax"
        ),
        pytest.param(
            "providers:\n  groq: {enabled: true\n  x: y\n",
            *(3, 4, "expected ',' or '}', but got ':'", ""),
            id="unclosed",
        ),
        pytest.param(
            'name: "\x07"\n', *(1, 8, "a character that YAML does not allow", ""), id="control-sign"
        ),
        pytest.param(
            "providers:\n- id: groq\n  enabeld: true\n",
            *(3, 3, 'provider groq has no setting "enabeld"', 'did you mean "enabled"?'),
            id="unknown-key",
        ),
        pytest.param(
            "provider: []\n",
            *(1, 1, 'the file has no setting "provider"', 'did you mean "providers"?'),
            id="unknown-top-key",
        ),
        pytest.param(
            "providers:\n- id: openruter\n  enabled: false\n",
            *(2, 7, "provider openruter is not in the catalog and has no base_url"),
            "did you mean openrouter? Else add base_url: https://…",
            id="missing-base-url",
        ),
        pytest.param(
            "providers:\n- name: Lab\n",
            *(2, 3, "a provider needs an id", 'begin it with "- id: NAME"'),
            id="missing-id",
        ),
        pytest.param(
            "providers:\n- id: groq\n- id: groq\n",
            *(3, 7, "the provider 'groq' stands here a second time", ""),
            id="duplicate-id",
        ),
        pytest.param(
            "providers:\n  groq: {}\n  groq: {}\n",
            *(3, 3, "the provider 'groq' stands here a second time", ""),
            id="duplicate-id-mapping",
        ),
        pytest.param(
            "providers:\n  groq: {id: together}\n",
            *(2, 3, "this provider has two ids", "write its id once"),
            id="two-ids",
        ),
        pytest.param(
            "providers:\n- id: groq\n  enabled: true\n  enabled: false\n",
            *(4, 3, '"enabled" stands here a second time in provider groq', ""),
            id="duplicate-key",
        ),
        pytest.param(
            "providers:\n- id: groq\n  base_url: ftp://host\n",
            *(3, 13, "a base URL begins with http:// or https:// and has a host, no ? and no #", ""),
            id="bad-scheme",
        ),
        pytest.param(
            "providers:\n- id: groq\n  base_url: https://\n",
            *(3, 13, "a base URL begins with http:// or https:// and has a host, no ? and no #", ""),
            id="no-host",
        ),
        pytest.param(
            "providers:\n- id: groq\n  base_url: https://me:pw@host\n",
            *(3, 13, "a login does not belong into a base URL", "use `pf-tui auth set PROVIDER`"),
            id="login-in-url",
        ),
        pytest.param(
            "providers:\n- id: groq\n  prices: {m: {input: -1, output: 2}}\n",
            *(3, 23, "a price is not negative", ""),
            id="negative-price",
        ),
        pytest.param(
            "providers:\n- id: groq\n  prices: {m: {input: 1}}\n",
            *(3, 15, "a price needs output, in USD per million tokens", ""),
            id="half-a-price",
        ),
        pytest.param(
            "providers:\n- id: groq\n  prices: {m: {input: .nan, output: 2}}\n",
            *(3, 23, "a price is a plain number", ""),
            id="not-a-number",
        ),
        pytest.param(
            "providers:\n- id: groq\n  enabled: 'yes'\n",
            *(3, 12, "expected true or false, found text", ""),
            id="wrong-type-bool",
        ),
        pytest.param(
            "providers:\n- id: groq\n  models: 5\n",
            *(3, 11, "expected a list of models, or a mapping of model to its settings, found a number", ""),
            id="wrong-type-models",
        ),
        pytest.param(
            "providers:\n- id: groq\n  models: {m: {context: 200K}}\n",
            *(3, 25, "expected a whole number, found text", ""),
            id="wrong-type-context",
        ),
        pytest.param(
            "providers:\n- id: groq\n  models: {m: {context: 0}}\n",
            *(3, 25, "expected a whole number above 0, found a number", ""),
            id="zero-context",
        ),
        pytest.param(
            "providers: nothing\n",
            *(1, 12, "expected a list or a mapping of providers, found text", ""),
            id="wrong-type-providers",
        ),
        pytest.param(
            "providers:\n- groq\n",
            *(2, 3, "expected a provider (a mapping with an id), found text", ""),
            id="bare-name",
        ),
        pytest.param(
            "providers:\n- id: lab\n  base_url: http://h\n  auth: apikey\n",
            *(
                4,
                9,
                "expected one of api_key, token, oauth, subscription, iam, service_account, none for auth",
            ),
            'did you mean "api_key"?',
            id="unknown-auth",
        ),
        pytest.param(
            "providers:\n- id: lab\n  protocols: [anthropic]\n  base_urls: {openai: 'http://h/v1'}\n",
            *(3, 14, "base_urls has no URL for anthropic-messages", ""),
            id="protocol-without-url",
        ),
        pytest.param(
            "providers:\n- id: the lab\n",
            *(2, 7, "a provider's id is letters, digits, '-', '_' and '.', without spaces", ""),
            id="id-with-space",
        ),
        pytest.param(
            "version: 2\n", *(1, 10, "version 2 is newer than this pf-tui understands (1)", ""), id="newer"
        ),
        pytest.param("--- {}\n--- {}\n", *(2, 1, "but found another document", ""), id="two-documents"),
        pytest.param("providers: *x\n", *(1, 12, "aliases (*name) are not read", ""), id="alias"),
        pytest.param(
            "providers: !!python/object/apply:os.system [ls]\n",
            *(1, 12, "tags (!name) are not read", ""),
            id="python-tag",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, line: int, column: int, why: str, hint: str) -> None:
    error = refusal(text)

    assert (error.line, error.column) == (line, column)
    assert error.message == f"providers.yaml line {line} column {column}: {why}"
    assert error.hint == (hint or f"correct {FILE}; the file was left as it is")
    assert error.code == 4


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("- {id: groq, api_key: SECRET}", id="api-key"),
        pytest.param("- {id: groq, token: SECRET}", id="token"),
        pytest.param("- {id: groq, env: SECRET}", id="key-as-variable"),
        pytest.param("- {id: groq, headers: {Authorization: Bearer SECRET}}", id="header"),
        pytest.param("- {id: groq, headers: {x-api-key: SECRET}}", id="x-api-key"),
        pytest.param("- {id: groq, base_url: 'https://SECRET@host'}", id="url"),
        pytest.param("- {id: groq, base_url: 'https://host?key=SECRET'}", id="query"),
        pytest.param("- {id: groq, SECRET: 1}", id="lost-its-place"),
        pytest.param("- {id: groq, enabled: SECRET}", id="wrong-type"),
        pytest.param("- {id: groq, auth: SECRET}", id="wrong-word"),
        pytest.param("- {id: groq, name: 'SECRET", id="syntax"),
    ],
)
def test_a_pasted_key_is_refused_and_never_repeated(text: str) -> None:
    secret = "sk-ant-api03-Zm9vYmFyZm9vYmFyZm9vYmFy"

    error = refusal(text.replace("SECRET", secret))

    assert secret not in str(error)
    assert "Zm9v" not in str(error)


def test_a_file_nested_without_end_is_refused() -> None:
    assert "nested too deeply" in refusal("[" * 5000).message


def test_the_examples_in_the_docs_are_right() -> None:
    page = (Path(__file__).parents[2] / "docs" / "catalog.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)

    assert len(examples) == 3
    assert over(examples[0]).native_id("claude-sonnet-5-5", "lab") == "proxy/sonnet"
    assert over(examples[1]).dialect("lab", "openai-chat")["limit_most"] == 8192
    assert over(examples[2]).native_id("gpt-6.1-sol", "azure") == "team-sol"


@given(st.text(max_size=200))
def test_any_text_is_understood_or_refused(text: str) -> None:
    with suppress(StateFileUnusable):
        parse_overlay(text, FILE)


YAMLISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "providers", "models", "prices", "base_url", "env", "headers", "groq", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(YAMLISH)
def test_any_shape_is_understood_or_refused(content: object) -> None:
    import yaml

    try:
        overlay = parse_overlay(yaml.safe_dump(content), FILE)
    except StateFileUnusable:
        return
    catalog = load(overlay)
    assert len(catalog.providers) >= 25
    assert len(catalog.models) >= 128


def test_a_person_says_what_an_own_server_takes() -> None:
    catalog = over("""
        providers:
        - id: lab
          base_url: http://10.0.0.5:8000/v1
          dialect:
            limit_field: max_completion_tokens
            limit_most: 8192
            efforts: [low, high]
            effort_map: {max: high}
            thinking_off: ''
            set_fields: {top_k: 5, greedy: true}
            models:
              '*tiny*': {images: false}
            anthropic-messages: {hosted_tools: web_search}
    """)
    chat = dialect(catalog.dialect("lab", "openai-chat"), "lab", "openai-chat", "a-tiny-one")
    messages = dialect(catalog.dialect("lab", "anthropic-messages"), "lab", "anthropic-messages", "big")

    assert (chat.limit_field, chat.limit_most, chat.efforts) == (
        "max_completion_tokens",
        8192,
        ("low", "high"),
    )
    assert (chat.set_fields, chat.images, chat.hosted_tools) == ({"top_k": 5, "greedy": True}, False, ())
    assert (messages.images, messages.hosted_tools) == (True, ("web_search",))
    assert chat.system_roles == ("system",), "what is not said is as with servers nobody described"


def test_the_words_of_a_dialect_are_those_that_translation_reads() -> None:
    assert set(SETTINGS_OF_A_PERSON) == set(SETTINGS)
    assert SCHEMA_RULES == schemas.RULES


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            "dialect: {limit_filed: max_tokens}",
            'dialect has no setting "limit_filed" · did you mean "limit_field"?',
        ),
        ("dialect: {limit_most: many}", "expected a whole number, found text"),
        ("dialect: {images: sometimes}", "expected true or false, found text"),
        ("dialect: {call_ids: short}", "an id rule is any, word-N or alnum-N, N the longest id"),
        ("dialect: {tool_names: word-8}", "a name rule is word-N or letter-N, N the longest name, above 16"),
        ("dialect: {effort_map: low}", "expected a mapping of words to words, found text"),
        ("dialect: {openai-chat: {sytem_roles: [system]}}", 'openai-chat has no setting "sytem_roles"'),
        ("dialect: 7", "expected a mapping for dialect, found a number"),
    ],
)
def test_a_mistake_in_a_dialect_is_named_with_its_place(line: str, why: str) -> None:
    error = refusal(f"providers:\n- id: lab\n  base_url: http://10.0.0.5:8000\n  {line}\n")

    assert why in str(error)
    assert error.line == 4
