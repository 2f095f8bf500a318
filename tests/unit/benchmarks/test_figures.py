"""Figures, goals, and the speed that samples of offsets tell."""

from __future__ import annotations

import pytest

from benchmarks.figures import Figure, Sample, Unit, at_least, at_most, spread, steady, written
from benchmarks.report import BEGIN, END, figure_table


def figure(*values: float, **others: object) -> Figure:
    return Figure("main", "submission to first alert", Unit.SECONDS, values, **others)  # type: ignore[arg-type]


def test_the_median_counts_not_the_mean() -> None:
    assert figure(8.0, 9.0, 60.0, goal=at_most(10.0)).ours == 9.0
    assert figure(8.0, 9.0, 60.0, goal=at_most(10.0)).is_met is True


@pytest.mark.parametrize(
    ("goal", "value", "is_met"),
    [
        (at_most(10.0), 10.0, True),
        (at_most(10.0), 10.01, False),
        (at_least(3500.0), 3500.0, True),
        (at_least(3500.0), 3499.0, False),
        (None, 1.0, None),
    ],
)
def test_a_goal_includes_its_bound(goal: object, value: float, is_met: bool | None) -> None:
    assert figure(value, goal=goal).is_met is is_met


def test_better_is_sooner_or_faster() -> None:
    sooner = figure(10.0, peer="plain", peer_values=(30.0, 40.0, 50.0))
    faster = Figure("steady", "light", Unit.ALERTS_PER_S, (20_000.0,), peer="plain", peer_values=(1_000.0,))
    assert sooner.times_better == 4.0
    assert faster.times_better == 20.0
    assert figure(10.0).times_better is None
    memory = Figure("linear", "memory", Unit.GIB, (1.0,), peer="few", peer_values=(2.0,))
    assert memory.times_better is None


def test_steady_leaves_out_the_head_and_the_time_after_the_last_alert() -> None:
    samples = [
        Sample(8.0, 5, 1.0),
        Sample(9.0, 20_000, 1.5),
        Sample(10.0, 30_000, 2.0),  # the first look beyond the head
        Sample(11.0, 50_000, 2.5),
        Sample(12.0, 70_000, 2.6),  # the first look that shows all
        Sample(20.0, 70_000, 9.0),  # counting, while the topic stays as it is
    ]
    found = steady(samples, 20_000)
    assert found.alerts_per_s == 20_000.0
    assert found.broker_cores == pytest.approx(0.3)


@pytest.mark.parametrize("samples", [[], [Sample(1.0, 30_000, 0.0)], [Sample(1.0, 10, 0.0), Sample(2.0, 19_000, 0.0)]])
def test_too_few_alerts_have_no_steady_speed(samples: list[Sample]) -> None:
    with pytest.raises(ValueError, match="no speed can be told"):
        steady(samples, 20_000)


def test_spread_is_relative_to_the_smallest() -> None:
    assert spread([50.0, 55.0, 52.0]) == pytest.approx(10.0)


def test_values_are_written_as_precise_as_they_are_worth() -> None:
    assert written(20_123.4, Unit.ALERTS_PER_S) == "20,123 alerts/s"
    assert written(9.06, Unit.SECONDS) == "9.1 s"
    assert written(1.5, Unit.RATIO) == "1.50 ×"


def test_the_page_shows_goal_range_and_peer() -> None:
    line = figure_table([figure(8.0, 9.0, 12.0, goal=at_most(10.0), peer="plain", peer_values=(36.0,))]).splitlines()[2]
    assert "≤ 10.0 s" in line
    assert "**9.0 s** (8.0–12.0)" in line
    assert "met" in line
    assert "36.0 s<br>plain | 4.0 ×" in line


def test_the_page_has_the_marks_between_which_the_figures_go(request: pytest.FixtureRequest) -> None:
    page = (request.config.rootpath / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert page.count(BEGIN) == page.count(END) == 1
