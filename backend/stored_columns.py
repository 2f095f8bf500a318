"""What the alerts of a store have, and how DuckDB reaches it: measurements flat or under ``candidate``."""

from __future__ import annotations

import pyarrow as pa

JD_OF_UNIX_EPOCH = 2_440_587.5
NO_MAGNITUDE = -99.0
"""At and below this a magnitude is the survey's spelling of "no value"."""
_FIRST_JD, _LAST_JD = 1_721_426.5, 5_373_482.5
DETECTION = "candidate"
MEASURED = ("jd", "fid", "magpsf", "sigmapsf", "ra", "dec", "drb")
_NOT_SHOWN = (pa.types.is_nested, pa.types.is_binary, pa.types.is_large_binary)


class StoredColumns:
    """The columns and measurements of a schema.

    All SQL that it gives is made of the schema's own names.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns that a table can show: those that hold one value a row."""
        roots = [field.name for field in self.schema if not any(is_kind(field.type) for is_kind in _NOT_SHOWN)]
        return tuple(dict.fromkeys((*roots, *(name for name in MEASURED if self.expression(name)))))

    @property
    def numeric(self) -> tuple[str, ...]:
        """Those of them that are numbers and no identifiers."""
        kinds = {name: self.type_of(name) for name in self.shown}
        is_number = (pa.types.is_floating, pa.types.is_integer)
        return tuple(
            name
            for name, kind in kinds.items()
            if kind is not None and name != "candid" and any(is_kind(kind) for is_kind in is_number)
        )

    def expression(self, name: str) -> str | None:
        """SQL of a column, or of a measurement under ``candidate``; None when the alerts have neither."""
        if name in self.schema.names:
            return quoted(name)
        if DETECTION in self.schema.names:
            detection = self.schema.field(DETECTION).type
            if pa.types.is_struct(detection) and detection.get_field_index(name) >= 0:
                return f"{DETECTION}.{quoted(name)}"
        return None

    def type_of(self, name: str) -> pa.DataType | None:
        """The type of a measurement or column; None when the alerts have none of this name."""
        if self.expression(name) is None:
            return None
        column = self.schema if name in self.schema.names else self.schema.field(DETECTION).type
        kind: pa.DataType = column.field(name).type
        return kind

    def magnitude(self, name: str) -> str | None:
        """SQL of a magnitude, NULL for every spelling of "no value"."""
        sql = self.expression(name)
        return f"CASE WHEN isfinite({sql}) AND {sql} > {NO_MAGNITUDE} THEN {sql} END" if sql else None

    def time(self) -> str | None:
        """SQL of ``jd``, NULL where it is no time in the years 1 to 9999, which are all that Python knows."""
        sql = self.expression("jd")
        return f"CASE WHEN {sql} BETWEEN {_FIRST_JD} AND {_LAST_JD} THEN {sql} END" if sql else None

    def observed(self) -> str | None:
        """SQL of the time (UTC) that ``jd`` means, to the second."""
        time = self.time()
        seconds = f"CAST(({time} - {JD_OF_UNIX_EPOCH}) * 86400 AS BIGINT)"
        return f"make_timestamp({seconds} * 1000000)" if time else None

    def night(self) -> str | None:
        """SQL of the day (UTC) of ``jd``, as days since 1970-01-01."""
        time = self.time()
        return f"CAST(floor({time} - {JD_OF_UNIX_EPOCH}) AS INTEGER)" if time else None

    def place(self) -> tuple[str, str] | None:
        """SQL of right ascension and declination in degrees, NULL for what is no place on the sky."""
        ra, dec = self.expression("ra"), self.expression("dec")
        if ra is None or dec is None:
            return None
        return f"CASE WHEN {ra} BETWEEN 0 AND 360 THEN {ra} END", f"CASE WHEN {dec} BETWEEN -90 AND 90 THEN {dec} END"

    def to_show(self, name: str) -> str | None:
        """SQL of a column as a table shows it; ``observed`` is the time of the alert."""
        if name == "observed":
            return self.observed()
        return self.magnitude(name) if name in ("magpsf", "sigmapsf") else self.expression(name)


def quoted(name: str) -> str:
    """An identifier as SQL has it."""
    return '"' + name.replace('"', '""') + '"'
