"""The parts of a message in OpenAI Chat, read and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pf_tui.json_values import list_of
from pf_tui.translate.conversation import Media, Notes, Part, Text, content_parts

OWN_SETTINGS = (
    "n",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "audio",
    "prediction",
)
"""What changes an answer and has no like in the other protocols."""


def read_parts(content: object) -> Iterator[Part]:
    """The parts of a message's content. Raises WrongUsage."""
    for part in content_parts(content):
        kind = part.get("type")
        if kind in ("text", "input_text", "output_text"):
            if part.get("text"):
                yield Text(part["text"], "cache_control" in part)
        elif kind == "refusal":
            yield Text(str(part.get("refusal") or ""))
        elif kind == "image_url":
            image = part.get("image_url")
            url = image.get("url") if isinstance(image, Mapping) else image
            detail = image.get("detail") if isinstance(image, Mapping) else None
            yield Media("image", url=url, detail=detail)
        elif kind == "file":
            file = part.get("file") or {}
            yield Media(
                "document", url=file.get("file_data"), file_id=file.get("file_id"), name=file.get("filename")
            )
        elif kind == "input_audio":
            audio = part.get("input_audio") or {}
            yield Media("audio", f"audio/{audio.get('format', 'wav')}", data=audio.get("data"))


def count(media: Sequence[Media]) -> str:
    """ "2 pictures": how many of the first one's kind."""
    kinds = {"image": "picture", "document": "document", "audio": "recording"}
    return f"{len(media)} {kinds[media[0].kind]}{'s' if len(media) > 1 else ''}"


def write_content(parts: Sequence[Part], notes: Notes) -> object:
    """A string where there are words alone: not every server takes a list."""
    if all(type(part) is Text for part in parts):
        return "\n\n".join(part.text for part in parts if type(part) is Text)
    return [_write_part(part, notes) for part in parts]


def joined(before: object, after: object) -> object:
    """Two contents as one: a string, or a list of parts where either is one."""
    if isinstance(before, str) and isinstance(after, str):
        return f"{before}\n\n{after}"
    first, second = (
        [{"type": "text", "text": content}] if isinstance(content, str) else list_of(content, "content")
        for content in (before, after)
    )
    return [*first, *second]


def _write_part(part: Part, notes: Notes) -> dict[str, object]:
    if type(part) is not Media:
        return {"type": "text", "text": part.text if type(part) is Text else ""}
    if part.file_id and part.data is None and part.url is None:
        notes.add(
            "media", "a file kept at another vendor cannot be sent to this model and was named in words"
        )
        return {
            "type": "text",
            "text": f"[A file that this model cannot be shown: {part.name or part.file_id}]",
        }
    if part.kind == "image":
        image = {"url": part.url or f"data:{part.mime or 'image/png'};base64,{part.data}"}
        return {"type": "image_url", "image_url": image | ({"detail": part.detail} if part.detail else {})}
    if part.kind == "audio":
        form = part.mime.rpartition("/")[2] or "wav"
        return {"type": "input_audio", "input_audio": {"data": part.data or "", "format": form}}
    data = part.url or f"data:{part.mime or 'application/pdf'};base64,{part.data}"
    return {"type": "file", "file": {"filename": part.name or "document.pdf", "file_data": data}}
