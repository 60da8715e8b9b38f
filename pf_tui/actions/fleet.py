"""Another machine's ledger taken into this one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pf_tui.actions.journalling import write_down
from pf_tui.errors import PfError, WrongUsage, cannot_write
from pf_tui.ledger import fleet, foreign, schema
from pf_tui.ledger.fleet import ImportCounts
from pf_tui.ledger.totals import HERE
from pf_tui.state import temporary
from pf_tui.state.context import Context
from pf_tui.state.paths import expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_CHUNK_BYTES = 1 << 20


def take_in(ctx: Context, file: Path | BinaryIO, name: str | None) -> ImportCounts:
    """Lay a ledger into this one: all of it or, when anything is wrong with it, nothing.

    Args:
        file: what `export ledger` wrote; a stream is kept in a private file while it is read.
        name: what its machine is called here.
    Raises:
        WrongUsage: the name is none, or it is needed.
        StateFileUnusable: the file is no ledger, or is damaged.
        PfError: the ledger cannot be written, or there is no room.
    """
    from pf_tui.actions import usage

    if name is not None and fleet.plain_name(name) is None:
        raise WrongUsage(
            f"'{name[: fleet.LONGEST_NAME]}' is no name for a machine",
            f"1 to {fleet.LONGEST_NAME} printable letters, not '{HERE}': --as laptop",
        )
    machine = None if name is None else fleet.plain_name(name)
    with (
        _as_file(ctx, file) as path,
        foreign.opened(path) as foreign_ledger,
        schema.opened(ctx.paths.ledger, write=True) as connection,
    ):
        try:
            counts = fleet.take(connection, foreign_ledger, machine)
        except ValueError as error:
            raise WrongUsage(
                "this ledger does not say whose it is; nothing was taken over", "name it: --as laptop"
            ) from error
    write_down(ctx, "import", why=counts.machine, after={"machine": counts.machine, "requests": counts.new})
    usage.write_counters(ctx)
    return counts


def document(counts: ImportCounts) -> dict[str, object]:
    """The JSON document of `import ledger`."""
    return {
        "machine": counts.machine,
        "requests": counts.requests,
        "new": counts.new,
        "limit_hits": counts.hits,
        "switches": counts.switches,
    }


@contextlib.contextmanager
def _as_file(ctx: Context, file: Path | BinaryIO) -> Iterator[Path]:
    if isinstance(file, Path):
        yield ctx.cwd / expand(file)
        return
    with temporary.folder() as folder:
        path = folder / "stdin"
        size = 0
        try:
            with path.open("wb") as whole:
                while chunk := file.read(_CHUNK_BYTES):
                    size += len(chunk)
                    if size > foreign.MOST_BYTES:
                        raise PfError(
                            f"more than {foreign.MOST_BYTES >> 30} GB came; nothing was taken over",
                            "`pf-tui export ledger -` writes a ledger",
                        )
                    whole.write(chunk)
        except OSError as error:
            raise cannot_write(path, error) from error
        yield path
