"""What all our values have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: compared by its fields, never changed, and strict about names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
