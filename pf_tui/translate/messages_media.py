"""Blocks of Anthropic Messages beside words and calls: pictures, documents, what hosted tools leave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from pf_tui.json_values import object_in, optional_text, text_in
from pf_tui.translate.arguments import object_text
from pf_tui.translate.conversation import Media, Notes, Part, Text, words_of

_DATA_URL = re.compile(r"data:([^;,]*)(?:;[^,]*)?,(.*)", re.DOTALL)


def read_media(block: Mapping[str, object]) -> Media | Text:
    """A picture or a document; text that came as a document is text."""
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


def read_other(kind: object, block: Mapping[str, object], notes: Notes) -> Iterator[Part]:
    """Blocks that only Anthropic knows, in words where the model needs them."""
    if kind == "tool_reference":
        yield Text(f"Tool loaded: {block.get('tool_name', '')}")
    elif kind == "search_result":
        yield Text(f"{block.get('title', '')} ({block.get('source', '')})\n{words_of(block.get('content'))}")
    elif kind == "web_search_tool_result":
        results = block.get("content")
        lines = [
            f"- {item.get('title', '')}: {item.get('url', '')}"
            for item in (results if isinstance(results, list) else ())
            if isinstance(item, Mapping)
        ]
        yield Text("Web search results:\n" + "\n".join(lines))
    elif kind in ("tool_addition", "tool_removal"):
        notes.add("tool-change", f"{kind} blocks were left out: the tools of the request count")
    elif kind in ("server_tool_use", "mcp_tool_use"):
        pass  # its result follows and says it
    elif str(kind).endswith("_tool_result"):
        content = block.get("content")
        words = words_of(content) if isinstance(content, list) else object_text(content)
        yield Text(f"[{str(kind).removesuffix('_tool_result')} gave: {words}]")
    else:
        notes.add("block", f"a block of type {kind} was left out")


def write_media(media: Media, notes: Notes) -> dict[str, object]:
    """The block of a picture or a document; what cannot be sent is named in words."""
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
