"""Every package that pf_tui imports is declared, and every declared one is imported.

python -m tests.dependencies: prints what is wrong and exits with 1.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent

NOT_IMPORTED: dict[str, str] = {}
"""Declared and imported by no file, each with its reason."""


def main() -> int:
    """Print one sentence for each disagreement."""
    wrong = problems(ROOT)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 1 if wrong else 0


def problems(root: Path) -> list[str]:
    """What pyproject.toml says otherwise than the imports of `root`/pf_tui do."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project.get("optional-dependencies", {}).values()
    listed = [*project["dependencies"], *(requirement for extra in extras for requirement in extra)]
    declared = {_normal(re.split(r"[^\w.-]", requirement)[0]) for requirement in listed}
    imported = dict(_imported(root, declared))
    used = set(imported)
    return [
        *(
            f"{imported[name]} imports {name}, which pyproject.toml does not declare"
            for name in used - declared
        ),
        *(
            f"pyproject.toml declares {name}, which no file imports"
            for name in declared - used - set(NOT_IMPORTED)
        ),
        *(
            f"tests/dependencies.py excuses {name}, which needs no excuse"
            for name in NOT_IMPORTED
            if name not in declared - used
        ),
    ]


def _imported(root: Path, declared: set[str]) -> Iterator[tuple[str, str]]:
    """(distribution, one file that imports it)"""
    owners = packages_distributions()
    for path in sorted((root / "pf_tui").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            else:
                continue
            for top in {name.partition(".")[0] for name in names}:
                ours = top == "pf_tui" or top.startswith(
                    "_"
                )  # a part of the standard library, of some version
                if top not in sys.stdlib_module_names and not ours:
                    owner = _owner(top, names, owners.get(top, []), declared)
                    yield owner, str(path.relative_to(root))


def _owner(top: str, names: list[str], owners: list[str], declared: set[str]) -> str:
    """The distribution a module belongs to; a namespace such as `google` has several, not all installed."""
    wanted = {_normal(name) for name in (top, *names, *map(_second, names))}
    likely = [*map(_normal, owners), *sorted(declared)]
    return next((name for name in likely if name in wanted), None) or _normal(owners[0] if owners else top)


def _second(name: str) -> str:
    """`opentelemetry.proto` of `opentelemetry.proto.metrics.v1`: what the parts of a namespace are called."""
    return ".".join(name.split(".")[:2])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
