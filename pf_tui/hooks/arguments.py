"""What is typed behind a command in an agent, read as the command line would read it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from pf_tui.documents import amounts
from pf_tui.errors import WrongUsage
from pf_tui.records import record

BUDGETS = {
    "daily": "daily_tokens",
    "monthly": "monthly_tokens",
    "daily-requests": "daily_requests",
    "monthly-requests": "monthly_requests",
    "daily-usd": "daily_usd",
    "monthly-usd": "monthly_usd",
}
"""What a person writes -> the budget's name."""


@record
class Arguments:
    """The words and options behind a command."""

    words: tuple[str, ...]
    options: Mapping[str, str]
    """Option -> its value; "" for one that takes none."""

    def without(self, *verbs: str) -> Arguments:
        """The same without a leading verb: `show` and `set` go without saying here."""
        return Arguments(
            words=self.words[self.words[:1] in [(verb,) for verb in verbs] :], options=self.options
        )


def split(arguments: str) -> list[str]:
    """As a shell would; half a quote is a letter like any other.

    `opencode run --command provider-limits "groq --daily 1M"` hands all of it on as one quoted word (1.18.33,
    measured), and no name of ours has a space in it.
    """
    try:
        words = shlex.split(arguments)
    except ValueError:
        words = arguments.split()
    return words[0].split() if len(words) == 1 else words


def read(
    argument_words: Sequence[str], usage: str, *, takes: Sequence[str] = (), flags: Sequence[str] = ()
) -> Arguments:
    """Words and options: `--model X`, `--model=X`.

    Args:
        usage: the cure that a mistake is answered with.
        takes: options with a value.
        flags: options without.
    Raises:
        WrongUsage: an option nobody knows, or one without its value.
    """
    words: list[str] = []
    options: dict[str, str] = {}
    queue = iter(argument_words)
    for word in queue:
        option, equals, value = word.partition("=")
        if not word.startswith("-"):
            words.append(word)
        elif word in flags:
            options[word] = ""
        elif option in takes:
            options[option] = value if equals else next(queue, "")
            if not options[option]:
                raise WrongUsage(f"{option} needs a value", usage)
        else:
            raise WrongUsage(f"{option} is not known here", usage)
    return Arguments(words=tuple(words), options=options)


def budgets(words: Sequence[str]) -> tuple[dict[str, float | None], list[str]]:
    """`daily=1M`, `--daily 1M` or `--daily=1M` as settings (None = unlimited); and words that are none.

    Raises:
        WrongUsage: no such limit, or no amount.
    """
    queue = iter(words)
    settings: dict[str, float | None] = {}
    others = []
    for word in queue:
        option, equals, value = word.removeprefix("--").partition("=")
        if not equals and not word.startswith("-"):
            others.append(word)
            continue
        if option not in BUDGETS:
            raise WrongUsage(f"there is no limit called {option}", f"name one of {', '.join(BUDGETS)}")
        value = value if equals else next(queue, "")
        try:
            settings[BUDGETS[option]] = amounts.parse(value)
        except ValueError as error:
            raise WrongUsage(
                f"{option} {value or '(nothing)'} is not a number", "write 1500000, 1500K, 1.5M or unlimited"
            ) from error
    return settings, others
