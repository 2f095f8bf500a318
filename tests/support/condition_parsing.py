"""Texts of ZTF conditions that are right, as conditions and as what Spark runs."""

from __future__ import annotations

from backend.alert_schema import survey
from backend.conditions import Condition, parse_conditions

ZTF = survey("ztf")


def only(text: str) -> Condition:
    """The one condition of the text."""
    (condition,) = parse_conditions(text, ZTF)
    return condition


def rendered(text: str) -> str:
    """The one condition of the text as Spark runs it."""
    return only(text).spark_sql
