"""Intervals from a stratified sample, held against what is known and against many drawn samples."""

from __future__ import annotations

import numpy as np
import pytest

from backend.intervals import Strata, matching_interval


def _strata(*rows: tuple[int, int, int, int]) -> Strata:
    """(alerts, rows, matching, kind) of each entry, in the order of the nights."""
    return Strata.pooled(*(np.array(column) for column in zip(*rows, strict=True)))[0]


def test_a_stratum_that_is_wholly_in_the_sample_is_exact() -> None:
    assert matching_interval(_strata((7, 7, 3, 0), (2, 2, 2, 1))) == (5, 5, 5)


def test_nothing_seen_gives_an_upper_bound_that_the_rule_of_three_gives() -> None:
    number, lowest, highest = matching_interval(_strata((100_000, 1_000, 0, 0)))
    assert (number, lowest) == (0, 0)
    assert highest == pytest.approx(300, rel=0.01)


def test_the_bound_of_nothing_seen_is_never_more_than_there_is() -> None:
    assert matching_interval(_strata((12, 10, 0, 0))).highest == 2


def test_all_seen_is_the_mirror_image() -> None:
    assert matching_interval(_strata((12, 10, 10, 0))) == (12, 10, 12)


def test_a_simple_random_sample_gives_wilsons_interval() -> None:
    number, lowest, highest = matching_interval(_strata((10**9, 1_000, 100, 0)))
    assert number == 10**8
    assert (lowest / 1e9, highest / 1e9) == pytest.approx((0.0829, 0.1201), abs=1e-4)


def test_small_strata_are_pooled_with_the_neighbouring_nights_of_their_class() -> None:
    alerts, rows, kind = [30, 50, 30, 40, 30, 9], [4, 20, 5, 0, 4, 9], [0, 1, 0, 0, 0, 0]
    columns = (np.array(each) for each in (alerts, rows, [1, 5, 2, 0, 1, 9], kind))
    strata, stratum = Strata.pooled(*columns)
    assert stratum[0] == stratum[2] == stratum[3] == stratum[4]
    assert len({stratum[0], stratum[1], stratum[5]}) == 3
    assert (strata.alerts[stratum[0]], strata.rows[stratum[0]], strata.matching[stratum[0]]) == (130, 13, 4)
    assert strata.kind[stratum].tolist() == kind


def test_many_small_strata_become_pools_of_some_ten_rows() -> None:
    columns = (np.full(40, each) for each in (20, 3, 1, 0))
    strata, stratum = Strata.pooled(*columns)
    assert len(strata.rows) == 12
    assert strata.rows.min() >= 9
    assert (np.diff(stratum) >= 0).all()


def test_a_class_without_rows_may_match_or_not() -> None:
    interval = matching_interval(_strata((100, 100, 50, 0), (40, 0, 0, 1)))
    assert interval == (70, 50, 90)


@pytest.mark.parametrize("share", [0.003, 0.05, 0.4])
def test_nineteen_of_twenty_intervals_hold_the_true_number(share: float) -> None:
    choose = np.random.default_rng(1)
    alerts = np.tile([2_000, 900, 300, 60, 8], 10)
    rows = np.minimum(alerts, np.maximum(10, alerts * 400 // 5_000))
    kind = np.tile(np.arange(5), 10)
    true = choose.binomial(alerts, share * np.tile([1, 2, 0, 4, 1], 10) / 1.6)
    inside = 0
    for _ in range(400):
        matching = choose.hypergeometric(true, alerts - true, rows)
        interval = matching_interval(Strata.pooled(alerts, rows, matching, kind)[0])
        inside += interval.lowest <= true.sum() <= interval.highest
    assert 0.92 <= inside / 400 <= 0.995
