"""Sessions that another session started, laid under the one they work for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pf_tui.records import replace
from pf_tui.sessions.records import Draft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import SessionKey


def folded(drafts: Sequence[Draft]) -> list[Draft]:
    """Sessions that another session started become its children while they work, and no rows of their own.

    A subagent's subagent is a child of the session too; those whose parent has ended, or that name each other
    as parents, stay rows.
    """
    parents: dict[SessionKey, Draft] = {
        (draft.agent, draft.id): draft for draft in drafts if draft.signals.life != "gone"
    }
    tops = _sessions_above(drafts, parents)
    children: dict[SessionKey, list[Draft]] = {}
    for draft in drafts:
        if (top := tops.get((draft.agent, draft.id))) is not None:
            children.setdefault(top, []).append(draft)
    rows = []
    for session in drafts:
        draft = session
        key = (draft.agent, draft.id)
        if tops.get(key, key) != key:
            continue
        of_parent = [
            child
            for child in children.get(key, ())
            if child is not draft
            and child.signals.life != "gone"
            and (child.signals.busy or child.signals.waiting)
        ]
        if of_parent:
            signals = replace(draft.signals, children_working=len(of_parent))
            waiting = next((child.signals.waiting for child in of_parent if child.signals.waiting), None)
            if waiting and signals.waiting is None:
                signals = replace(signals, waiting=waiting)
            draft = replace(draft, signals=signals, children=(*draft.children, *of_parent))
        rows.append(draft)
    return rows


def _sessions_above(
    drafts: Sequence[Draft], parents: Mapping[SessionKey, Draft]
) -> dict[SessionKey, SessionKey]:
    """For each draft the session it works for in the end; its own where its parents form a ring.

    Every link is walked once, however long their chain.
    """
    links = {
        (draft.agent, draft.id): (draft.agent, draft.parent or "")
        for draft in drafts
        if (draft.agent, draft.parent) in parents
    }
    tops: dict[SessionKey, SessionKey | None] = {}
    for draft in drafts:
        key: SessionKey = (draft.agent, draft.id)
        walked: dict[SessionKey, None] = {}
        while key not in tops and key not in walked and key in links:
            walked[key] = None
            key = links[key]
        top = None if key in walked else tops.get(key, key)
        tops.update(dict.fromkeys(walked, top))
    return {key: top or key for key, top in tops.items()}
