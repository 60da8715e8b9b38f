"""An upstream that hides a key in other letters is not quoted: neither kept, nor shown, nor handed on."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.rules.masking import MASK, ValueMask
from pf_tui.state import secret
from tests.gateway.upstreams import secret_of
from tests.hostile.test_upstream import GOOD, LOGIN, error, scene, whole
from tests.hostile.upstreams import EVENTS, OK, Scene

__all__ = ["scene"]

KEY = secret_of("one")
SOON_CPU_S = 1.0


def each(form: str) -> Callable[[str], str]:
    return lambda key: "".join(form.format(ord(char)) for char in key)


FORMS: dict[str, Callable[[str], str]] = {
    "one sign in JSON's escape": lambda key: key.replace("-", "\\u002d"),
    "all in JSON's escapes": each("\\u{:04x}"),
    "JSON in JSON": lambda key: json.dumps(each("\\u{:04X}")(key))[1:-1],
    "escapes of JavaScript": each("\\u{{{:x}}}"),
    "bytes of C": each("\\x{:02x}"),
    "all in percent": each("%{:02x}"),
    "percent of percent": lambda key: quote(each("%{:02X}")(key)),
    "percent in 16 bits": each("%u00{:02x}"),
    "HTML": each("&#{};"),
    "HTML in hex without an end": each("&#x{:X}"),
    "quoted-printable": each("={:02X}"),
    "capitals": str.upper,
    "the other case": str.swapcase,
    "backwards": lambda key: key[::-1],
    "with blanks": " ".join,
    "with unseen blanks": "\u200b".join,
    "with dots": ".".join,
    "wide letters": lambda key: "".join(chr(ord(char) + 0xFEE0) for char in key),
    "hex with colons": lambda key: ":".join(f"{byte:02X}" for byte in key.encode()),
    "base64 in lines": lambda key: "\\r\\n".join(_in_lines(base64.b64encode(f"u:{key}".encode()).decode())),
    "base64 of base64": lambda key: base64.b64encode(base64.b64encode(key.encode())).decode(),
    "base32": lambda key: base64.b32encode(key.encode()).decode(),
}


def _in_lines(text: str) -> list[str]:
    return [text[start : start + 16] for start in range(0, len(text), 16)]


forms = pytest.mark.parametrize("hidden", FORMS.values(), ids=FORMS)


@forms
@pytest.mark.parametrize("key", [KEY, LOGIN, "sk-or-v1-0a1b2c3d4e5f60718293a4b5c6d7e8f9"])
def test_no_mask_misses_a_hidden_key(key: str, hidden: Callable[[str], str]) -> None:
    mask = ValueMask(["another-key-0123456789", key])
    said = f"the key {hidden(key)} is not valid"

    assert mask.hides(mask.text(said))
    assert not ValueMask(["another-key-0123456789"]).hides(said)


@pytest.mark.parametrize("form", ["one sign in JSON's escape", "all in percent", "capitals"])
async def test_what_hides_a_key_is_neither_kept_nor_handed_on(scene: Scene, form: str) -> None:
    hidden = FORMS[form](KEY)
    body = error("MARK", "rate_limit_error").replace(b"MARK", f"the key {hidden} is spent".encode())
    answer = whole(429, body, b"x-echo: %s\r\n" % hidden.encode())
    scene.hostile.answers(answer)
    scene.second.answers(answer)

    heard = await scene.ask()
    await scene.gate.settled()  # type: ignore[attr-defined]

    files = [path for path in scene.gate.home.rglob("*") if path.is_file()]
    texts = [str(heard), *(path.read_bytes().decode("utf-8", "replace") for path in files)]
    mask = ValueMask([KEY])
    assert heard.status in (401, 429)
    assert len(scene.gate.journal()) > 0
    assert not [text for text in texts if mask.hides(text)]


async def test_a_hidden_key_in_the_middle_of_a_stream_ends_it_without_words(scene: Scene) -> None:
    begun = GOOD[: GOOD.index(b"event: content_block_stop")]
    end = b"event: error\ndata: " + error(f"bad {KEY.upper()}") + b"\n\n"
    scene.hostile.answers([OK + EVENTS + b"connection: close\r\n\r\n" + begun + end])

    heard = await scene.ask()

    assert heard.body.startswith(begun)
    assert (len(heard.errors), KEY.upper() in str(heard)) == (1, False)


def test_words_of_an_agent_that_hide_a_key_are_not_kept() -> None:
    secret.remember(KEY)

    assert secret.masked(f"the key {KEY} is spent") == f"the key {MASK} is spent"
    assert secret.masked(f"the key {KEY.upper()} is spent") == MASK


@given(st.text(max_size=300))
def test_ordinary_words_hide_nothing(text: str) -> None:
    assert not ValueMask([KEY, LOGIN]).hides(text)


@pytest.mark.parametrize("value", ["not-needed", "local", "sk-no-key-here", "x" * 15])
def test_a_value_that_is_no_key_costs_no_sentence(value: str) -> None:
    assert not ValueMask([value]).hides(f"Authorization is not needed: local, sk no key here {value.upper()}")


@pytest.mark.parametrize("piece", ["%41", "\\u0041", "&#65;", "=41", "a-", "\u0301", "\\", "%25"])
def test_a_megabyte_of_anything_is_looked_through_at_once(piece: str) -> None:
    mask, text = ValueMask([secret_of(str(number)) for number in range(25)]), piece * (2**20 // len(piece))
    before_s = time.process_time()

    mask.hides(text)

    assert time.process_time() - before_s < SOON_CPU_S
