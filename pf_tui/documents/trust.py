"""Which project files are trusted, as documents."""

from __future__ import annotations

from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.actions import TrustOutcome
    from pf_tui.state.project import Project
    from pf_tui.state.trust import TrustedFile


def project(project: Project | None) -> dict[str, object] | None:
    """How far a project's file is obeyed; null without one."""
    if project is None:
        return None
    return {
        "path": str(project.path),
        "trust": project.trust,
        "withheld": list(project.withheld),
        "cure": "pf-tui trust" if project.withheld else None,
    }


def trusted(trust_outcome: TrustOutcome) -> dict[str, object]:
    """A file that is trusted now; `changed` is false when it was already."""
    return {
        "path": str(trust_outcome.project.path),
        "sha256": trust_outcome.project.sha256,
        "settings": dict(trust_outcome.settings),
        "changed": trust_outcome.changed,
        "undo": "pf-tui undo" if trust_outcome.changed else None,
    }


def listed(files: Sequence[tuple[TrustedFile, str]]) -> dict[str, object]:
    """Every accepted file with its state: trusted, changed, missing or unusable."""
    return {
        "files": [
            {
                "path": file.path,
                "sha256": file.sha256,
                "since": file.since or None,
                "by": file.by,
                "state": state,
            }
            for file, state in files
        ]
    }
