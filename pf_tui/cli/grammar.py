"""How words are parsed: help from the command table, groups with a default word, shared options."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar  # Any: click's own keyword arguments

import click
from click.shell_completion import CompletionItem

from pf_tui.called import spelled
from pf_tui.cli.values import PROVIDER
from pf_tui.documents import commands
from pf_tui.errors import WrongUsage

F = TypeVar("F", bound=Callable[..., object])

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
in_project = click.option(
    "--project", "in_project", is_flag=True, help="Write this project's file, not your own settings."
)
provider_argument = click.argument("provider", type=PROVIDER)
maybe_provider = click.argument("provider", type=PROVIDER, required=False)


class _Page(click.Command):
    """Its help names commands as they can be typed here."""

    def get_help(self, ctx: click.Context) -> str:
        return spelled(super().get_help(ctx), page=True)


class Word(_Page):
    """A command whose summary and examples come from the table; its docstring adds what they leave open."""

    def __init__(self, name: str, *, full_name: str | None = None, help: str = "", **rest: Any) -> None:  # noqa: A002 - click's own words
        self.entry = commands.find(full_name or name)
        super().__init__(name, help=f"{self.entry.summary}.\n\n{inspect.cleandoc(help)}", **rest)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(self.entry.examples, formatter)


class Group(_Page, click.Group):
    """A word with sub-words; `default` is the sub-word that is meant when none is named.

    Args:
        implied: the sub-word that is meant instead when an option is there that only it has.
    """

    command_class = Word

    def __init__(
        self, name: str, default: str, *, implied: str | None = None, **rest: Any
    ) -> None:  # click's own
        self.entry = commands.find(name)
        self.default = default
        self.implied = implied
        super().__init__(name, help=f"{self.entry.summary}.", **rest)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        completing = ctx.resilient_parsing and not args
        if completing or args in (["--help"], ["-h"]):
            return super().parse_args(ctx, args)
        index = self._subword_place(args)
        if index is None:
            return super().parse_args(ctx, [self._meant(args), *args])
        return super().parse_args(ctx, [args[index], *args[:index], *args[index + 1 :]])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The sub-words, and what may follow at once."""
        default = self.commands[self.default]
        arguments = [usage for param in default.params for usage in param.get_usage_pieces(ctx)]
        return [f"[{'|'.join(self.commands)}]", *arguments, "[OPTIONS]"]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of the word that is meant when none is named, then the words."""
        default = self.commands[self.default]
        options = [param for param in default.get_params(ctx) if isinstance(param, click.Option)]
        rows = [row for option in options if (row := option.get_help_record(ctx))]
        with formatter.section(f"Options of `{self.name} {self.default}`, or of `{self.name}` alone"):
            formatter.write_dl(rows)
        self.format_commands(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Sub-words, and what may follow at once because the default word is meant."""
        default = self.commands[self.default]
        first = next((param for param in default.params if isinstance(param, click.Argument)), None)
        names = first.shell_complete(ctx, incomplete) if first is not None else []
        options = default.shell_complete(ctx, incomplete) if incomplete.startswith("-") else []
        return [*super().shell_complete(ctx, incomplete), *names, *options]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(self.entry.examples, formatter)

    def _meant(self, args: list[str]) -> str:
        """The sub-word, when none is named."""
        if self.implied is None:
            return self.default
        own, other = (
            {name for param in self.commands[word].params for name in param.opts}
            for word in (self.default, self.implied)
        )
        options = {arg.partition("=")[0] for arg in args}
        return (
            self.implied
            if options & {name for name in other - own if name.startswith("--")}
            else self.default
        )

    def _subword_place(self, args: list[str]) -> int | None:
        """Where the sub-word stands: the first word that is no option and no option's value."""
        default = self.commands[self.default]
        takes_value = {
            name
            for param in default.params
            if isinstance(param, click.Option) and not param.is_flag
            for name in param.opts
        }
        skip = False
        for index, arg in enumerate(args):
            if skip or arg.startswith("-"):
                skip = not skip and arg in takes_value
                continue
            return index if arg in self.commands else None
        return None


class Root(_Page, click.Group):
    """`pf-tui` itself: words are imported when they are used, and listed by what they are for."""

    code: ClassVar[dict[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [command.name for command in commands.top_level()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        code_path = self.code.get(cmd_name)
        if code_path is None:
            return None
        module, _, attribute = code_path.partition(":")
        command: click.Command = getattr(importlib.import_module(f"pf_tui.cli.{module}"), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.code and not ctx.resilient_parsing:
            raise self._unknown(args[0])
        return super().resolve_command(ctx, args)

    def _unknown(self, typed_word: str) -> WrongUsage:
        from difflib import get_close_matches

        nearest = get_close_matches(typed_word, self.code, n=3, cutoff=0.6)
        near = f"nearest: {', '.join(nearest)}; " if nearest else ""
        return WrongUsage(f"no command is called '{typed_word}'", f"{near}`pf-tui --help` lists all")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for group in commands.GROUPS:
            rows = [(c.name, c.summary) for c in commands.top_level() if c.group == group]
            with formatter.section(group):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples((commands.find("status").examples[0], commands.find("switch").examples[0]), formatter)


def word(name: str) -> Callable[[Callable[..., object]], Word]:
    """Decorate a function as a top-level word."""
    return click.command(name, cls=Word)


def subword(group: Group, name: str) -> Callable[[Callable[..., object]], Word]:
    """Decorate a function as a sub-word of `group`."""

    def make(function: Callable[..., object]) -> Word:
        command = click.command(name, cls=Word, full_name=f"{group.name} {name}")(function)
        group.add_command(command)
        return command

    return make


def write_examples(examples: tuple[commands.Example, ...], formatter: click.HelpFormatter) -> None:
    """The examples, each with what it does; below it where the terminal is narrow."""
    with formatter.section("Examples"):
        wide = max(len(example.line) for example in examples)
        beside = all(wide + 4 + len(example.does) + 2 <= formatter.width for example in examples)
        indent = " " * formatter.current_indent
        for example in examples:
            if beside:
                formatter.write(f"{indent}{example.line:<{wide}}  {example.does}\n")
            else:
                formatter.write(f"{indent}{example.line}\n{indent}    {example.does}\n")
