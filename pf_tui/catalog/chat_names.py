"""Which models' names say that they hold no conversation: they speak, listen, draw, embed, read or judge."""

from __future__ import annotations

_WORDS = (
    *("whisper", "tts", "speech", "transcri", "-asr", "voice", "realtime", "-audio", "lyria", "deepgram"),
    *("embed", "bge-", "jina", "rerank", "ocr", "moderation", "guard"),
    *("dall-e", "image", "flux", "diffusion", "sdxl", "cogview", "seedream", "recraft", "ideogram"),
    *("midjourney", "nova-canvas", "sora", "veo-", "kling", "seedance", "hailuo", "nova-reel"),
    *("computer-use", "davinci-00", "babbage-00"),
)


def may_chat(name: str) -> bool:
    """True for a name that says nothing else."""
    plain = name.lower()
    return not any(word in plain for word in _WORDS)
