"""Another checkout that takes turns with this one: `--against PYTHON` names the Python of its environment.

Each checkout runs its own package and makes its own state, by its own code. Both environments are of one and
the same Python: between two builds of it lies more than between two versions of pf-tui.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NOW, BEFORE = "now", "before"


@dataclass(frozen=True)
class Checkout:
    """One checkout and the environment it is installed into."""

    name: str
    """now | before"""
    python: str

    @property
    def program(self) -> list[str]:
        """pf-tui of that environment; -P: the folder we stand in is not the one that is measured."""
        return [self.python, "-P", "-m", "pf_tui"]

    @property
    def script(self) -> str:
        """What pip made of it, as agents call it."""
        return str(Path(self.python).parent / "pf-tui")

    @property
    def root(self) -> Path:
        """The folder that holds its package and its tests."""
        return Path(self._told("import pf_tui; print(pf_tui.__file__)", safe=True)).parents[1]

    def bench(self, code: str, *words: str, env: Mapping[str, str] | None = None) -> str:
        """Run code beside its own `tests.bench`; what it printed."""
        return self._told(code, *words, env=env)

    def version(self) -> str:
        """The build of its Python."""
        return self._told("import sys; print(sys.version)", safe=True)

    def _told(self, code: str, *words: str, env: Mapping[str, str] | None = None, safe: bool = False) -> str:
        return subprocess.run(
            [self.python, *(["-P"] if safe else []), "-c", code, *words],
            cwd="/" if safe else self.root,
            env=None if env is None else dict(env),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.strip()


def checkouts() -> list[Checkout]:
    """This one, and the one that the command line names.

    Raises:
        SystemExit: the two have different builds of Python.
    """
    here = Checkout(NOW, sys.executable)
    if "--against" not in sys.argv:
        return [here]
    other = Checkout(BEFORE, sys.argv[sys.argv.index("--against") + 1])
    if other.version() != here.version():
        raise SystemExit(f"another Python: {other.version()} there, {here.version()} here")
    return [here, other]
