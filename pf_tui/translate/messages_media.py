"""Pictures and documents in Anthropic Messages, read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pf_tui.translate.conversation import Media, Notes, Text, words_of

_DATA_URL = re.compile(r"data:([^;,]*)(?:;[^,]*)?,(.*)", re.DOTALL)


def read_media(block: Mapping[str, Any]) -> Media | Text:
    source = block.get("source") or {}
    kind = "image" if block["type"] == "image" else "document"
    name = block.get("title")
    form = source.get("type")
    if form == "base64":
        return Media(kind, source.get("media_type") or "", data=source.get("data") or "", name=name)  # type: ignore[arg-type]
    if form == "url":
        return Media(kind, "application/pdf" if kind == "document" else "", url=source.get("url"), name=name)  # type: ignore[arg-type]
    if form == "text":
        return Text(f"{name}:\n{source.get('data', '')}" if name else str(source.get("data", "")))
    if form == "content":
        return Text(words_of(source.get("content")))
    return Media(kind, file_id=source.get("file_id"), name=name)  # type: ignore[arg-type]


def write_media(media: Media, notes: Notes) -> dict[str, Any]:
    if media.kind == "audio" or media.file_id:
        what = "sound" if media.kind == "audio" else "a file kept at another vendor"
        notes.add("media", f"{what} cannot be sent to this model and was named in words")
        return {"type": "text", "text": f"[{what} that this model cannot be shown: {media.name or ''}]"}
    data, mime = media.data, media.mime
    if data is None and media.url and (inline := _DATA_URL.match(media.url)):
        mime, data = inline[1], inline[2]
    source: dict[str, Any] = {"type": "url", "url": media.url}
    if data is not None:
        default = "image/png" if media.kind == "image" else "application/pdf"
        source = {"type": "base64", "media_type": mime or default, "data": data}
    block: dict[str, Any] = {"type": media.kind, "source": source}
    if media.kind == "document" and media.name:
        block["title"] = media.name
    return block
