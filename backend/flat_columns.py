"""Alerts as a flat table: what a struct or a map holds becomes columns of its own, as hand-picked fields are named.

Lists and images have no place in it: they are left out, and named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from backend.alert_schema import Survey
from backend.column_meanings import described
from backend.errors import InvalidRequest

_ELSE_PARQUET = "Use Parquet, or request only fields that hold one value."


@dataclass(frozen=True)
class _Place:
    """Where the values of a flat column are: the root column, and the fields or keys below it."""

    path: tuple[str, ...]
    column: pa.Field[Any]


class FlatColumns:
    """How the alerts of a schema become flat: ``lc_features_g.mean`` is ``lc_features_g_mean``.

    Attributes
    ----------
    schema
        Of the flat table.
    left_out
        The columns that hold lists, images, or maps with keys of their own.

    Parameters
    ----------
    schema
        Of any content.
    survey
        Knows the keys of its maps, and units and descriptions.
    label
        The format that wants it, as the user knows it.

    Raises
    ------
    InvalidRequest
        When two columns would have the same name.
    """

    def __init__(self, schema: pa.Schema, survey: Survey, label: str) -> None:
        self._keys = _keys_of_maps(schema, survey)
        places = [place for column in described(schema, survey) for place in self._places((), column)]
        self.left_out = tuple(place.column.name for place in places if _holds_several(place.column.type))
        places = [place for place in places if not _holds_several(place.column.type)]
        self._paths = [place.path for place in places]
        # Which names are those of nested fields was not known before.
        self.schema = described(pa.schema([place.column for place in places]), survey)
        if len(set(self.schema.names)) < len(places):
            raise InvalidRequest(f"{label} would have columns of the same name for these alerts.", _ELSE_PARQUET)

    def of(self, alerts: pa.Table) -> pa.Table:
        """The alerts as a table of this schema.

        Raises
        ------
        InvalidRequest
            When a map has a key that the survey does not know; it would be lost.
        """
        for name, keys in self._keys.items():
            _check_keys(name, alerts.column(name), keys)
        columns = [self._values(alerts, path) for path in self._paths]
        return pa.Table.from_arrays(columns, schema=self.schema)

    def _places(self, above: tuple[str, ...], column: pa.Field[Any]) -> Iterator[_Place]:
        path = (*above, column.name)
        if isinstance(column.type, pa.StructType):
            for child in column.type:
                yield from self._places(path, child)
        elif not above and column.name in self._keys:
            for key in self._keys[column.name]:
                yield _Place((*path, key), pa.field(f"{column.name}_{key}", column.type.item_type))
        else:
            yield _Place(path, column.with_name("_".join(path)))

    def _values(self, alerts: pa.Table, path: tuple[str, ...]) -> pa.ChunkedArray[Any]:
        column: Any = alerts.column(path[0])
        if path[0] in self._keys:
            column = pc.map_lookup(column, path[1], "first")
        elif len(path) > 1:
            column = pc.struct_field(column, list(path[1:]))
        found: pa.ChunkedArray[Any] = column
        return found


def _keys_of_maps(schema: pa.Schema, survey: Survey) -> dict[str, tuple[str, ...]]:
    known = {name: tuple(f.name for f in survey.fields.values() if f.root == name != f.path) for name in schema.names}
    return {name: keys for name, keys in known.items() if keys and pa.types.is_map(schema.field(name).type)}


def _check_keys(name: str, column: pa.ChunkedArray[Any], known: tuple[str, ...]) -> None:
    maps = (chunk for chunk in column.chunks if isinstance(chunk, pa.MapArray))
    unknown = sorted({str(key) for chunk in maps for key in chunk.keys.unique().to_pylist()}.difference(known))
    if unknown:
        named = ", ".join(unknown)
        raise InvalidRequest(f"{name} has values under names that are not expected: {named}.", _ELSE_PARQUET)


def _holds_several(kind: pa.DataType) -> bool:
    return pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
