"""What the columns of alerts mean: unit and description beside each, as far as the survey knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from backend.alert_schema import Field, Survey

LIGHT_CURVE = "lightcurve"
"""A column made of an object's alerts: what it nests are columns of their detections."""
UNIT, DESCRIPTION = b"unit", b"description"


def described(schema: pa.Schema, survey: Survey) -> pa.Schema:
    """Note unit and description in the metadata of each column, and of the fields inside it.

    Parameters
    ----------
    schema
        Of any content: measurements nested, or flat under names of their own. What the survey does not know stays as
        it is.
    """
    meanings = _by_sent_name(survey)

    def with_meaning(column: pa.Field[Any]) -> pa.Field[Any]:
        if column.name == LIGHT_CURVE and isinstance(column.type, pa.StructType):
            return column.with_type(pa.struct([with_meaning(each) for each in column.type]))
        meaning = meanings.get(column.name)
        return _described(column, meaning.path, survey.fields) if meaning else column

    return pa.schema([with_meaning(column) for column in schema])


def unit_of(column: pa.Field[Any]) -> str:
    """The unit that `described` noted; empty when there is none."""
    return _noted(column, UNIT)


def description_of(column: pa.Field[Any]) -> str:
    """The description that `described` noted; empty when there is none."""
    return _noted(column, DESCRIPTION)


def _by_sent_name(survey: Survey) -> dict[str, Field]:
    """Name of a column -> its field: a whole path joined by ``_``, a field of the detection alone, a root column."""
    outside_lists = [field for field in survey.fields.values() if not field.in_list]
    joined = {re.sub(r"\W", "_", field.path, flags=re.ASCII): field for field in outside_lists}
    detection = {field.name: field for field in outside_lists if field.root == survey.detection}
    roots = {field.path: field for field in outside_lists if field.path == field.root}
    return {**joined, **detection, **roots}


def _described(column: pa.Field[Any], path: str, fields: Mapping[str, Field]) -> pa.Field[Any]:
    column = column.with_type(_described_type(column.type, path, fields))
    meaning = fields.get(path)
    if meaning is None:
        return column
    notes = {UNIT: meaning.unit.encode(), DESCRIPTION: meaning.description.encode()}
    return column.with_metadata({**_metadata(column), **{key: text for key, text in notes.items() if text}})


def _described_type(kind: pa.DataType, path: str, fields: Mapping[str, Field]) -> pa.DataType:
    if not path:
        return kind
    if isinstance(kind, pa.StructType):
        return pa.struct([_described(each, f"{path}.{each.name}", fields) for each in kind])
    if isinstance(kind, pa.ListType):
        entry = kind.value_field
        return pa.list_(entry.with_type(_described_type(entry.type, path, fields)))
    return kind


def _noted(column: pa.Field[Any], key: bytes) -> str:
    return str(_metadata(column).get(key, b""), "utf-8")


def _metadata(column: pa.Field[Any]) -> dict[Any, Any]:
    return {**column.metadata} if column.metadata else {}
