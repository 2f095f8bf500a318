"""What classifiers say of an alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from backend.alert_schema import Survey
from backend.known_values import measured, number

FROM_0_TO_1 = (
    *("drb", "rb", "classtar"),
    *("snn_sn_vs_all", "snn_snia_vs_nonia", "rf_snia_vs_nonia", "rf_kn_vs_nonkn", "slsn_score", "mulens"),
)
"""Real or bogus and star or galaxy first, then what kind of object it may be."""
_ANOMALY, _T2 = "anomaly_score", "t2."


class Score(NamedTuple):
    """One score.

    Parameters
    ----------
    share
        From 0 to 1 where the score has such a scale; None for the others.
    meaning
        In words; empty when the survey does not say.
    """

    name: str
    value: float
    share: float | None
    meaning: str


def alert_scores(values: Mapping[str, Any], survey: Survey) -> tuple[Score, ...]:
    """The scores that the alert has.

    Parameters
    ----------
    values
        As `backend.alert_values.alert_values` gives them. A score that lies outside its scale is none: -1 is written
        where there was nothing to score.
    """
    on_scale = [*FROM_0_TO_1, *(path for path in values if path.startswith(_T2))]
    found = [
        Score(name, value, value, _meaning(name, survey))
        for name in on_scale
        if (value := number(measured(values, name))) is not None and 0 <= value <= 1
    ]
    anomalies = [
        Score(name, value, None, _meaning(name, survey))
        for name in values
        if name.startswith(_ANOMALY) and (value := number(values[name])) is not None
    ]
    return (*found, *anomalies)


def _meaning(name: str, survey: Survey) -> str:
    field = survey.fields.get(name) or survey.fields.get(f"{survey.detection}.{name}")
    return field.description if field else ""
