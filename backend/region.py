"""A part of the sky, or a list of objects. Positions are those of the alert, ICRS."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from backend.frozen import Frozen

MAX_OBJECTS = 10_000
MAX_POSITIONS = 1_000

RightAscension = Annotated[float, Field(ge=0, le=360, allow_inf_nan=False)]
Declination = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class Cone(Frozen):
    """All within a radius of a position, the border included."""

    ra_deg: RightAscension
    dec_deg: Declination
    radius_arcsec: Annotated[float, Field(gt=0, le=36_000, allow_inf_nan=False)]


class Rectangle(Frozen):
    """Between two right ascensions (eastwards; ``ra_min_deg > ra_max_deg`` goes over 0 h) and two declinations."""

    ra_min_deg: RightAscension
    ra_max_deg: RightAscension
    dec_min_deg: Declination
    dec_max_deg: Declination

    @model_validator(mode="after")
    def _south_before_north(self) -> Self:
        if self.dec_max_deg < self.dec_min_deg:
            raise ValueError(f"dec_max_deg ({self.dec_max_deg:g}) lies below dec_min_deg ({self.dec_min_deg:g})")
        return self


class Positions(Frozen):
    """All within one radius of any of these positions (right ascension, declination)."""

    ra_dec_deg: Annotated[tuple[tuple[RightAscension, Declination], ...], Field(min_length=1, max_length=MAX_POSITIONS)]
    radius_arcsec: Annotated[float, Field(gt=0, le=3_600, allow_inf_nan=False)]


ObjectId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+.-]{1,64}$")]


class Region(Frozen):
    """Where the alerts must be; exactly one form is set."""

    cone: Cone | None = None
    rectangle: Rectangle | None = None
    positions: Positions | None = None
    objects: Annotated[tuple[ObjectId, ...], Field(min_length=1, max_length=MAX_OBJECTS)] | None = None
    """Names of objects (``objectId``)."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        forms = (self.cone, self.rectangle, self.positions, self.objects)
        if sum(form is not None for form in forms) != 1:
            raise ValueError("one of cone, rectangle, positions and objects must be given")
        return self
