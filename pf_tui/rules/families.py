"""The families of Claude models, by which limits are kept apart. Pure."""

from __future__ import annotations

FAMILIES = ("opus", "sonnet", "fable", "haiku")


def family_of(model: str | None) -> str | None:
    """The word of a Claude model's id that names its family: "claude-opus-5-5" -> "opus"."""
    words = (model or "").lower().rpartition("/")[2].replace("@", "-").split("-")
    if "claude" not in words:
        return None
    return next((word for word in words if word.isalpha() and word not in ("claude", "latest")), None)


def family_in(folded_text: str, model: str | None) -> str | None:
    """The family a text names, else that of the model."""
    return next((name for name in FAMILIES if f" {name} " in folded_text), None) or family_of(model)
