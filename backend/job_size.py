"""The size of a job, and what it asks the cluster for."""

from __future__ import annotations

from enum import StrEnum

from backend.frozen import Frozen


class JobSize(StrEnum):
    """How many executors a job asks the cluster for; the numbers are settings."""

    SMALL = "small"
    LARGE = "large"


class JobResources(Frozen):
    """What a job asks the cluster for.

    Attributes
    ----------
    executors
        Their number.
    executor_cores, executor_memory
        Of each; memory as Spark writes it: ``4g``.
    """

    executors: int
    executor_cores: int
    executor_memory: str

    @property
    def cores(self) -> int:
        """Of all executors."""
        return self.executors * self.executor_cores
