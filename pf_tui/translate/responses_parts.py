"""The parts of a message or a tool's output in OpenAI Responses, read and written."""

from __future__ import annotations

from collections.abc import Iterator

from pf_tui.translate.conversation import Media, Notes, Part, Text, content_parts


def read_parts(content: object, notes: Notes) -> Iterator[Part]:
    """The parts of a message's content; what is left out is noted. Raises WrongUsage."""
    for part in content_parts(content):
        kind = part.get("type")
        if kind in ("input_text", "output_text", "text", "summary_text"):
            if part.get("text"):
                yield Text(part["text"])
        elif kind == "refusal":
            yield Text(str(part.get("refusal") or ""))
        elif kind == "input_image":
            url = part.get("image_url")
            yield Media("image", url=url, file_id=part.get("file_id"), detail=part.get("detail"))
        elif kind == "input_file":
            yield Media(
                "document",
                url=part.get("file_data") or part.get("file_url"),
                file_id=part.get("file_id"),
                name=part.get("filename"),
            )
        elif kind == "input_audio":
            audio = part.get("input_audio") or part
            yield Media("audio", f"audio/{audio.get('format', 'wav')}", data=audio.get("data"))
        else:
            notes.add("part", f"a content part of type {kind} was left out")


def write_media(media: Media, notes: Notes) -> dict[str, object]:
    """The part of a picture or a file; what cannot be sent is named in words."""
    if media.kind == "audio" or (media.file_id and media.data is None and media.url is None):
        what = "sound" if media.kind == "audio" else "a file kept at another vendor"
        notes.add("media", f"{what} cannot be sent to this model and was named in words")
        return {"type": "input_text", "text": f"[{what} that this model cannot be shown: {media.name or ''}]"}
    if media.kind == "image":
        url = media.url or f"data:{media.mime or 'image/png'};base64,{media.data}"
        return {"type": "input_image", "image_url": url, "detail": media.detail or "auto"}
    if media.url and not media.url.startswith("data:"):
        return {"type": "input_file", "file_url": media.url}
    data = media.url or f"data:{media.mime or 'application/pdf'};base64,{media.data}"
    return {"type": "input_file", "filename": media.name or "document.pdf", "file_data": data}
