"""Pictures and documents in Anthropic Messages, read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pf_tui.json_values import object_in, optional_text, text_in
from pf_tui.translate.conversation import Media, Notes, Text, words_of

_DATA_URL = re.compile(r"data:([^;,]*)(?:;[^,]*)?,(.*)", re.DOTALL)


def read_media(block: Mapping[str, object]) -> Media | Text:
    source = object_in(block, "source")
    kind: Literal["image", "document"] = "image" if block["type"] == "image" else "document"
    name = optional_text(block, "title")
    form = source.get("type")
    if form == "base64":
        return Media(kind, text_in(source, "media_type"), data=text_in(source, "data"), name=name)
    if form == "url":
        mime = "application/pdf" if kind == "document" else ""
        return Media(kind, mime, url=optional_text(source, "url"), name=name)
    if form == "text":
        text = text_in(source, "data")
        return Text(f"{name}:\n{text}" if name else text)
    if form == "content":
        return Text(words_of(source.get("content")))
    return Media(kind, file_id=optional_text(source, "file_id"), name=name)


def write_media(media: Media, notes: Notes) -> dict[str, object]:
    if media.kind == "audio" or media.file_id:
        what = "sound" if media.kind == "audio" else "a file kept at another vendor"
        notes.add("media", f"{what} cannot be sent to this model and was named in words")
        return {"type": "text", "text": f"[{what} that this model cannot be shown: {media.name or ''}]"}
    data, mime = media.data, media.mime
    if data is None and media.url and (inline := _DATA_URL.match(media.url)):
        mime, data = inline[1], inline[2]
    source: dict[str, object] = {"type": "url", "url": media.url}
    if data is not None:
        default = "image/png" if media.kind == "image" else "application/pdf"
        source = {"type": "base64", "media_type": mime or default, "data": data}
    block: dict[str, object] = {"type": media.kind, "source": source}
    if media.kind == "document" and media.name:
        block["title"] = media.name
    return block
