"""The verbs: what every face does to the shared files. Each is one transaction, journalled, undoable.

switching   switch, switch_next, settle      benching   bench, release, report_failure, succeeded
leading     to the gateway, and back
sessions    move_session: one session alone  focusing   a session's pane, to the front
settings    priority, budgets, auto-switch   auth       keys in and out
trusting    which project files hold
pausing     out of every agent, and back     install    into one agent, and out
history     undo, redo                       usage      counters and limit readings from the ledger
readings    limit windows as they are seen   notices    desktop notifications outside the dashboard
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.actions.benching import (
        FailureOutcome,
        bench,
        keep_bench,
        release,
        remember_repair,
        report_failure,
        reset,
        succeeded,
    )
    from pf_tui.actions.gateway_start import bring_up
    from pf_tui.actions.history import UndoOutcome, redo, undo
    from pf_tui.actions.leading import lead_back, set_gateway_auto
    from pf_tui.actions.probing import as_probe, claim_probe, lead_to_probe
    from pf_tui.actions.readings import note_readings
    from pf_tui.actions.returning import left_by, note_return
    from pf_tui.actions.sessions import MoveOutcome, move_session
    from pf_tui.actions.settings import (
        add_to_priority,
        init_project,
        move_in_priority,
        put_off_question,
        remove_from_priority,
        set_auto_switch,
        set_budgets,
        set_class,
        set_paid,
        set_priority,
        set_project_requests,
    )
    from pf_tui.actions.switching import SwitchOutcome, remember_session, settle, switch, switch_next
    from pf_tui.actions.trusting import (
        TrustOutcome,
        forget_trust,
        tell_of_distrust,
        trust_project,
        trusted_files,
    )

__all__ = [
    "FailureOutcome",
    "MoveOutcome",
    "SwitchOutcome",
    "TrustOutcome",
    "UndoOutcome",
    "add_to_priority",
    "as_probe",
    "bench",
    "bring_up",
    "claim_probe",
    "forget_trust",
    "init_project",
    "keep_bench",
    "lead_back",
    "lead_to_probe",
    "left_by",
    "move_in_priority",
    "move_session",
    "note_readings",
    "note_return",
    "put_off_question",
    "redo",
    "release",
    "remember_repair",
    "remember_session",
    "remove_from_priority",
    "report_failure",
    "reset",
    "set_auto_switch",
    "set_budgets",
    "set_class",
    "set_gateway_auto",
    "set_paid",
    "set_priority",
    "set_project_requests",
    "settle",
    "succeeded",
    "switch",
    "switch_next",
    "tell_of_distrust",
    "trust_project",
    "trusted_files",
    "undo",
]

_VERBS: dict[str, str] = {
    "benching": ("FailureOutcome bench keep_bench release remember_repair report_failure reset succeeded"),
    "gateway_start": "bring_up",
    "history": "UndoOutcome redo undo",
    "leading": "lead_back set_gateway_auto",
    "probing": "as_probe claim_probe lead_to_probe",
    "readings": "note_readings",
    "returning": "left_by note_return",
    "sessions": "MoveOutcome move_session",
    "settings": (
        "add_to_priority init_project move_in_priority put_off_question remove_from_priority "
        "set_auto_switch set_budgets set_class set_paid set_priority set_project_requests"
    ),
    "switching": "SwitchOutcome remember_session settle switch switch_next",
    "trusting": "TrustOutcome forget_trust tell_of_distrust trust_project trusted_files",
}
"""What each module gives. It is imported when a verb of it is asked for: a hook needs one or two of them."""

_HOMES = {name: module for module, names in _VERBS.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"{__name__}.{_HOMES[name]}", fromlist=[name])
    attribute = globals()[name] = getattr(module, name)
    return attribute
