"""A part of what matches, for training sets: the same request gives the same alerts."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from backend.frozen import Frozen


class Sample(Frozen):
    """How many of the alerts that match are sent: the first ones in the order of a hash of their ``candid``.

    Exactly one is set.

    Attributes
    ----------
    fraction
        This share of them, rounded to a whole number of alerts.
    max_alerts
        At most so many.
    per_class
        At most so many of each ``finkclass``.
    """

    fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    max_alerts: Annotated[int, Field(gt=0)] | None = None
    per_class: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(value is not None for value in (self.fraction, self.max_alerts, self.per_class)) != 1:
            raise ValueError("one of fraction, max_alerts and per_class must be given")
        return self
