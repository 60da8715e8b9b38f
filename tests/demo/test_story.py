"""The demo's story as a schedule: no clock, no file."""

from __future__ import annotations

from itertools import islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from pf_tui.demo import story
from pf_tui.demo.vendors import FAULT_NAMES

SEEDS = st.integers(0, 2**32)


def test_the_first_failure_is_seen_within_twenty_seconds() -> None:
    first = next(story.rounds(1))

    assert first.fault == "window"
    assert next(beat.at_s for beat in first.beats if beat.what == "fail") <= 20


def test_the_whole_first_story_takes_a_minute() -> None:
    assert next(story.rounds(1)).length_s <= 60


@given(SEEDS)
def test_the_same_seed_tells_the_same_story(seed: int) -> None:
    assert list(islice(story.rounds(seed), 6)) == list(islice(story.rounds(seed), 6))


@given(SEEDS)
def test_whoever_fails_is_back_before_the_round_ends(seed: int) -> None:
    for one in islice(story.rounds(seed), 12):
        words = [beat.what for beat in one.beats]

        assert words.count("fail") == words.count("back") == 1
        assert words.index("fail") < words.index("back")
        assert one.beats[-1].at_s < one.length_s
        assert [beat.at_s for beat in one.beats] == sorted(beat.at_s for beat in one.beats)


@given(SEEDS)
def test_every_kind_of_trouble_comes_up_in_five_rounds(seed: int) -> None:
    assert {one.fault for one in islice(story.rounds(seed), 5)} == set(FAULT_NAMES)


@given(SEEDS)
def test_the_same_trouble_never_comes_twice_in_a_row(seed: int) -> None:
    faults = [one.fault for one in islice(story.rounds(seed), 30)]

    assert all(before != after for before, after in pairwise(faults))


def test_the_window_fills_past_warning_before_it_breaks() -> None:
    percents = [beat.percent for beat in next(story.rounds(1)).beats if beat.what == "climb"]

    assert percents == sorted(percents)
    assert percents[0] < 75 < percents[-1] < 100
