"""In which years the archive has a field, as the statistics job has noted it."""

from __future__ import annotations

from pydantic import Field

from backend.frozen import Frozen


class FieldYears(Frozen):
    """What is known of the fields' years; empty until the statistics have been made.

    Attributes
    ----------
    years
        Years with data, in order.
    absent
        Path of a field, or of what holds it -> the years without it.
    """

    years: tuple[int, ...] = ()
    absent: dict[str, tuple[int, ...]] = Field(default_factory=dict)

    def of(self, path: str) -> tuple[int, ...]:
        """The years that have the field at a dotted path."""
        parts = path.split(".")
        holders = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
        without = {year for holder in holders for year in self.absent.get(holder, ())}
        return tuple(year for year in self.years if year not in without)

    def in_words(self, path: str) -> str:
        """Those years as text: ``2019 – 2021, 2023``; empty when nothing is known."""
        if not self.years:
            return ""
        runs: list[list[int]] = []
        for year in self.of(path):
            place = self.years.index(year)
            if runs and place and runs[-1][-1] == self.years[place - 1]:
                runs[-1].append(year)
            else:
                runs.append([year])
        return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} – {run[-1]}" for run in runs) or "no year"
