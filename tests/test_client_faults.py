"""What real clients and reports once showed, each with the tests that keep it mended.

Those in `e2e` drive the real clients, once for each set of versions that $PF_TUI_CLIENTS names: tried with
Claude Code 2.1.330 and 2.1.332, OpenCode 1.18.33, Codex 0.169.0 and 0.171.0.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FAULTS = {
    "a turn under the name asked for and the name that served was two rows": (
        "ingest/test_clients.py::test_a_turn_served_under_another_name_is_one_row",
        "ingest/test_clients.py::test_two_models_served_under_other_names_are_a_row_each",
        "ingest/test_histories.py::test_what_was_used_and_what_it_cost_is_told_exactly",
    ),
    "OpenCode's coding turn went to a model for speech": (
        "hooks/test_opencode.py::test_a_turn_never_goes_to_a_model_that_only_listens",
        "e2e/test_opencode.py::test_a_turn_never_goes_to_a_model_that_only_listens",
    ),
    "OpenCode's run waited in silence when everybody rested": (
        "hooks/test_opencode.py::test_a_second_request_at_a_resting_provider_is_refused_at_once_too",
        "hooks/test_opencode.py::test_another_session_at_a_resting_provider_is_refused_at_once",
        "e2e/test_opencode.py::test_when_everybody_rests_a_run_ends_at_once_with_a_sentence",
    ),
    "after a 404 every prompt asked the same provider": (
        "hooks/test_claude_code.py::test_what_the_session_asks_for_decides_where_its_next_turn_goes",
        "hooks/test_opencode.py::test_a_model_that_a_provider_does_not_have_is_asked_for_elsewhere",
        "e2e/test_claude_code.py::test_a_model_that_a_provider_does_not_have_is_asked_for_elsewhere",
    ),
    "with the state folder gone nothing of ours was known": (
        "integrations/test_persons_files.py::test_a_lost_state_folder_is_no_reason_to_forget_our_own_work",
        "integrations/test_persons_files.py::test_an_install_after_the_loss_knows_what_was_there_before_it",
        "integrations/test_persons_files.py::test_one_lost_file_of_the_state_folder_costs_no_byte_of_the_persons",
    ),
    "an own base_url was never applied": (
        "integrations/test_persons_files.py::test_an_address_of_the_persons_own_is_applied",
        "integrations/test_persons_files.py::test_an_own_address_of_another_provider_is_applied_too",
    ),
    "the original's usage.json was neither read nor kept": (
        "state/test_usage_floor.py::test_a_provider_that_the_original_calls_used_up_does_not_serve",
        "cli/test_with_the_original.py::test_a_day_with_both_programs_loses_nothing",
        "cli/test_with_the_original.py::test_a_limit_that_the_original_met_holds_around_both_midnights",
    ),
    "a switch wrote into the wrong folder without CLAUDE_CONFIG_DIR": (
        "integrations/test_persons_files.py::test_a_switch_reaches_the_folder_that_was_installed_into",
        "integrations/test_persons_files.py::test_opencodes_own_folder_is_left_as_it_was_from_a_shell_without_it",
    ),
    "undo left auto-switch off": (
        "hooks/test_commands.py::test_one_undo_takes_a_switch_with_auto_switch_back",
        "hooks/test_commands.py::test_a_refused_switch_leaves_auto_switch_alone",
        "hooks/test_original_forms.py::test_one_undo_takes_back_all_of_it",
    ),
    "Codex lost the person's model, and knew no command with a slash": (
        "integrations/test_codex.py::test_a_switch_keeps_the_persons_own_model_where_the_provider_sells_it",
        "e2e/test_codex.py::test_in_the_terminal_hooks_run_once_they_are_trusted",
    ),
    "bytes of a person's settings were lost": (
        "integrations/test_persons_files.py::test_every_byte_is_back_after_twenty_switches",
        "integrations/test_odd_files.py::test_an_odd_file_is_back_byte_for_byte",
        "integrations/test_odd_files.py::test_modes_and_links_stay",
        "integrations/test_any_formatting.py::test_twenty_switches_leave_no_difference_whatever_the_formatting",
    ),
    "OpenCode tried a failing provider for 79 seconds": (
        "hooks/test_opencode.py::test_a_failure_that_goes_on_ends_the_turn_while_somebody_else_could_serve",
        "e2e/test_opencode.py::test_a_failure_that_goes_on_ends_the_turn_after_three_tries",
        "e2e/test_opencode.py::test_a_failure_that_goes_on_starts_the_gateway_and_the_turn_survives",
    ),
    "a login page with status 200 rested a provider for five minutes, and OpenCode asked it without end": (
        "rules/test_answer_wordings.py::test_a_web_page_that_an_agent_met_in_place_of_an_answer_rests_a_minute",
        "hooks/test_opencode.py::test_a_web_page_in_place_of_an_answer_ends_the_turn_and_rests_a_minute",
        "e2e/test_opencode.py::test_a_login_page_in_place_of_an_answer_ends_the_turn",
        "e2e/test_opencode.py::test_behind_the_gateway_a_login_page_is_passed_over",
    ),
    "a switch to a provider whose models in OpenCode lack the stand-in was silent": (
        "hooks/test_opencode.py::test_a_switch_takes_a_stand_in_that_opencode_has_when_it_lacks_ours",
        "hooks/test_opencode.py::test_a_switch_to_a_provider_without_a_model_for_the_turn_says_so",
    ),
    "nothing restarted a killed gateway": (
        "launch/test_supervisor.py::test_a_killed_gateway_is_back_on_its_port_and_a_stopped_one_is_not",
        "launch/test_supervisor.py::test_a_gateway_that_comes_back_late_is_told_once_too",
        "e2e/test_supervision.py::test_the_clients_own_retry_reaches_the_gateway_that_came_back",
    ),
    "the status line was old, and shared files held one machine's path": (
        "hooks/test_status_line.py::test_within_a_minute_it_shows_a_provider_that_serves_no_more",
        "hooks/test_status_line.py::test_within_a_minute_it_shows_a_bench_that_has_ended_no_more",
        "hooks/test_status_line.py::test_within_a_minute_it_shows_what_changed_elsewhere",
        "e2e/test_claude_code.py::test_an_idle_terminal_shows_a_switch_made_elsewhere_within_a_minute",
        "integrations/test_persons_files.py::test_shared_settings_hold_no_path_of_this_machine_and_are_quiet_elsewhere",
        "integrations/test_persons_files.py::test_what_keeps_dotfiles_is_known",
    ),
    "the original's half-written config.json stopped a command": (
        "state/test_files.py::test_is_read_whole",
        "state/test_files.py::test_a_file_that_another_program_wrote_meanwhile_is_changed_anew",
    ),
    "forms of the original's commands were refused": (
        "hooks/test_commands.py::test_every_form_of_the_original_is_answered",
        "hooks/test_original_forms.py::test_every_form_is_answered",
    ),
    "nobody said what a switch does to a running turn": (
        "../docs/gateway.md::between two tool calls of a running turn",
    ),
    "an own provider's models could not be chosen in OpenCode": (
        "launch/test_env.py::test_an_own_provider_brings_all_its_models",
        "e2e/test_own_provider.py::test_every_model_of_an_own_provider_is_in_the_menu_and_answered",
    ),
    # numbers
    "OpenCode's forks counted the parent's history again": (
        "ingest/test_clients.py::test_a_forks_copies_count_once",
        "ingest/test_clients.py::test_a_subagent_of_the_same_millisecond_is_another_request",
    ),
    "tables of OpenCode 2 read as nothing": (
        "ingest/test_clients.py::test_tables_of_opencode_2_are_named_not_taken_for_nothing",
        "ingest/test_clients.py::test_a_store_of_unknown_shape_is_named_and_not_taken_for_nothing",
        "ingest/test_clients.py::test_a_turn_of_unknown_shape_is_named_until_it_is_another_one",
        "cli/test_diagnostics.py::test_a_store_of_unknown_shape_is_told_by_every_face",
        "tui/test_unread.py::test_it_stays_while_logs_are_read_and_goes_when_it_is_no_longer_true",
    ),
    "Codex's fast tier, early counts, old resets and compressed rollouts": (
        "ingest/test_clients.py::test_a_fast_turn_costs_what_fast_costs",
        "ingest/test_clients.py::test_what_was_counted_before_a_model_was_named_is_of_the_first_one_named",
        "ingest/test_clients.py::test_a_window_of_an_old_rollout_says_when_it_resets_by_seconds_left",
        "ingest/test_clients.py::test_a_rollout_that_is_compressed_is_read_or_said",
    ),
    "linked folders were skipped in silence": (
        "ingest/test_clients.py::test_folders_that_are_links_are_read_and_loops_end",
    ),
    "prices of regions, hours, weekends and fast modes": (
        "ledger/test_prices.py::test_the_id_in_the_log_is_what_is_priced",
        "ledger/test_prices.py::test_deepseeks_prices_are_those_of_the_day_and_the_hour",
        "ledger/test_prices.py::test_every_difference_to_the_library_has_its_reason",
    ),
    "folders that agents write to were not read": (
        "ingest/test_clients.py::test_every_folder_that_claude_writes_to_is_read_and_named",
        "ingest/test_clients.py::test_several_configuration_folders_are_read",
    ),
    "a constant id folded requests, a third party's id doubled them": (
        "ingest/test_clients.py::test_requests_with_one_constant_id_are_told_apart_by_their_request_ids",
        "ingest/test_clients.py::test_a_foreign_answer_that_grows_or_is_resumed_counts_once",
    ),
    "a burst after an idle stretch had no forecast": (
        "rules/test_limits.py::test_a_burst_after_an_idle_stretch_says_when_it_is_empty",
    ),
    "one model's full window showed the whole plan as limited": (
        "rules/test_limits.py::test_a_models_own_window_is_its_own_however_the_agent_spells_it",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_its_tests(fault: str) -> None:
    for name in FAULTS[fault]:
        place, _, wanted = name.partition("::")
        pattern = rf"def {wanted}\(" if wanted.startswith("test_") else re.escape(wanted)
        assert re.search(pattern, (HERE / place).read_text()), name
