"""Scores: which an alert has, on which scale, and what they mean."""

from __future__ import annotations

import pytest

from backend.alert_schema import survey
from backend.alert_scores import FROM_0_TO_1, alert_scores

ZTF = survey("ztf")


def test_nested_and_flat_scores_are_the_same() -> None:
    nested = alert_scores({"candidate.drb": 0.9, "snn_sn_vs_all": 0.2}, ZTF)
    flat = alert_scores({"drb": 0.9, "snn_sn_vs_all": 0.2}, ZTF)
    assert nested == flat
    assert [(score.name, score.value, score.share) for score in flat] == [
        ("drb", 0.9, 0.9),
        ("snn_sn_vs_all", 0.2, 0.2),
    ]


def test_a_score_off_its_scale_is_none() -> None:
    assert alert_scores({"slsn_score": -1.0, "drb": -999.0, "rf_kn_vs_nonkn": 1.5}, ZTF) == ()


def test_anomaly_scores_have_no_bar() -> None:
    (score,) = alert_scores({"anomaly_score": -0.0109}, ZTF)
    assert (score.value, score.share) == (-0.0109, None)


@pytest.mark.parametrize("name", FROM_0_TO_1)
def test_each_score_has_a_meaning(name: str) -> None:
    (score,) = alert_scores({name: 0.5}, ZTF)
    assert len(score.meaning) > 10
