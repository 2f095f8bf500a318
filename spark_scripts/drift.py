"""Where the archive's columns are not as the survey has them today: what a receipt says of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from pyspark.sql.types import StructType

from spark_scripts.alignment import align, wanted_schema
from spark_scripts.archive import NightFiles, unsent_columns


def describe_drift(found: NightFiles, schema: StructType, asked: Collection[str] = ()) -> list[dict[str, Any]]:
    """The columns that are absent or converted in some night, in the order of the survey.

    Parameters
    ----------
    schema
        The survey's columns and types.
    asked
        Columns that are named although these nights may not have them. Of columns that only older years have, and none
        of these nights, the others are left out.

    Returns
    -------
    list
        ``{"column", "absent", "converted"}``: ranges ``{"start", "stop"}`` over the nights that have files, for
        ``converted`` by what was done. A night counts when one of its files is meant.
    """
    wanted = wanted_schema(schema, found.distinct_schemas)
    needless = unsent_columns(found, schema) - set(asked)
    nights = sorted(found.files)
    absent: dict[str, set[date]] = {}
    converted: dict[str, dict[str, set[date]]] = {}
    alignments = {text: align(text, wanted) for text in found.distinct_schemas}
    for night in nights:
        for text in {found.schemas[file] for file in found.files[night]}:
            alignment = alignments[text]
            for path in set(alignment.absent) - needless:
                absent.setdefault(path, set()).add(night)
            for column, what in alignment.converted:
                converted.setdefault(column, {}).setdefault(what, set()).add(night)
    place = {name: number for number, name in enumerate(wanted.names)}
    paths = sorted({*absent, *converted}, key=lambda path: (place[path.split(".")[0]], path))
    return [
        {
            "column": path,
            "absent": _ranges(absent.get(path, set()), nights),
            "converted": {what: _ranges(those, nights) for what, those in converted.get(path, {}).items()},
        }
        for path in paths
    ]


def _ranges(chosen: Collection[date], nights: Sequence[date]) -> list[dict[str, date]]:
    """The fewest ranges that hold the chosen ones of these nights, and no other of them."""
    ranges: list[dict[str, date]] = []
    goes_on = False
    for night in nights:
        if night not in chosen:
            goes_on = False
        elif goes_on:
            ranges[-1]["stop"] = night
        else:
            ranges.append({"start": night, "stop": night})
            goes_on = True
    return ranges
