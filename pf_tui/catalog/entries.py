"""The shapes of the compiled form: what one entry of each part holds. For type checkers alone."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Required, TypedDict

    class PriceEntry(TypedDict, total=False):
        """As `records.Price`; a tier also says above how many input tokens it holds."""

        input: Required[float]
        output: Required[float]
        cache_read: float
        cache_write: float
        cache_write_1h: float
        tiers: list[dict[str, float]]

    class ServedEntry(TypedDict, total=False):
        """As `records.ServedModel`; `id` is the provider's own, None where only a person lists the model."""

        id: Required[str]
        context: int
        shutdown: str
        retired: bool
        price: PriceEntry

    class ModelEntry(TypedDict, total=False):
        """As `records.Model`."""

        id: Required[str]
        name: Required[str]
        family: Required[str]
        subfamily: Required[str]
        tier: Required[str]
        status: Required[str]
        successor: str
        base_model: str
        aliases: list[str]
        context: Required[int]
        context_max: Required[int]
        max_output: int
        capabilities: list[str]
        inputs: list[str]
        outputs: list[str]
        price: PriceEntry
        release_date: str
        retires: str
        note: str
        providers: Required[dict[str, ServedEntry]]
        extra: bool
        custom: bool

    class ClaudeCodeEntry(TypedDict, total=False):
        """As `records.ClaudeCodeMode`."""

        mode: Required[str]
        env: dict[str, str]
        note: str

    class ProviderEntry(TypedDict, total=False):
        """As `records.Provider`."""

        id: Required[str]
        name: Required[str]
        family: Required[str]
        auth: Required[str]
        env: list[str]
        env_pointers: list[str]
        env_all: list[str]
        env_maybe: list[str]
        logins: list[dict[str, str]]
        login_command: str
        protocols: Required[list[str]]
        base_urls: dict[str, str]
        blanks: dict[str, list[str]]
        carries: dict[str, list[str]]
        form: str
        signing: str
        console_url: str
        opencode_id: str
        genai_id: str
        default_model: str
        claude_code: ClaudeCodeEntry
        default_rank: int
        billing: str
        plan: bool
        agent_only: str
        warning: str
        note: str
        headers: dict[str, str]
        enabled: bool
        custom: bool

    class OwnModel(TypedDict, total=False):
        """What a person's providers.yaml says of a model."""

        id: str
        name: str
        context: int
        max_output: int
        price: PriceEntry

    class OwnProvider(TypedDict, total=False):
        """What a person's providers.yaml says of a provider, each key only if it was written."""

        name: str
        family: str
        auth: str
        env: list[str]
        protocols: list[str]
        base_url: str
        base_urls: dict[str, str]
        headers: dict[str, str]
        enabled: bool
        default_model: str
        models: dict[str, OwnModel]
        price: PriceEntry
        dialect: dict[str, dict[str, object]]

    class MeaningEntry(TypedDict, total=False):
        """As `meanings.Meaning`, with what an answer of it is recognised by."""

        id: Required[str]
        kind: Required[str]
        scope: str
        ends: str
        window: str
        zone: str
        repair: str
        status: list[int]
        headers: dict[str, str]
        unless: list[list[str]]

    class MeaningIndex(TypedDict):
        """The table of catalog/answers.yaml as `meanings.index` makes it: entries by their place."""

        entries: list[MeaningEntry]
        codes: dict[str, list[int]]
        words: dict[str, list[tuple[int, list[str]]]]
        """A phrase's rarest word -> the places of its entries, and its pieces."""
        wide: list[tuple[int, list[str]]]
        """Phrases of scripts without spaces."""
        headers: list[int]
        """Entries that are known by a header alone."""
