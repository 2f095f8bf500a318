"""The Arrow types of an Avro schema: exact, and the same whatever the data are."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from backend.errors import InvalidRequest

_PRIMITIVES: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
    "null": pa.null(),
}


def arrow_schema(avro: dict[str, Any]) -> pa.Schema:
    """Translate a record schema.

    Parameters
    ----------
    avro
        Parsed Avro schema, of the subset that topics use: records, arrays, maps, primitives, unions of null with one
        type.

    Raises
    ------
    InvalidRequest
        When the schema is not a record, or a field has a type outside the subset; the message names the field.
    """
    if not isinstance(avro, dict) or avro.get("type") != "record":
        raise InvalidRequest("The topic's schema is not an Avro record.", "Was the topic made by a transfer?")
    return pa.schema([_field(field, "") for field in avro["fields"]])


def _field(avro: dict[str, Any], parent: str) -> pa.Field[Any]:
    path = f"{parent}{avro['name']}"
    kind, nullable = _nullable_type(avro["type"], path)
    return pa.field(avro["name"], kind, nullable)


def _nullable_type(avro: Any, path: str) -> tuple[pa.DataType, bool]:
    if not isinstance(avro, list):
        return _type(avro, path), False
    others = [branch for branch in avro if branch != "null"]
    if len(others) != 1:
        raise InvalidRequest(
            f"Field {path} of the topic's schema is a union of {len(others)} types.", "One was expected."
        )
    return _type(others[0], path), "null" in avro


def _type(avro: Any, path: str) -> pa.DataType:
    name = avro["type"] if isinstance(avro, dict) else avro
    if isinstance(name, dict | list) or (isinstance(avro, dict) and "logicalType" in avro):
        raise InvalidRequest(f"Field {path} of the topic's schema has a type that topics of alerts do not use: {avro}.")
    if name == "record":
        return pa.struct([_field(field, f"{path}.") for field in avro["fields"]])
    if name == "array":
        kind, nullable = _nullable_type(avro["items"], f"{path}[]")
        return pa.list_(pa.field("item", kind, nullable))
    if name == "map":
        kind, nullable = _nullable_type(avro["values"], f"{path}{{}}")
        entry: Any = pa.field("value", kind, nullable)  # the stubs know no field here
        return pa.map_(pa.string(), entry)
    if name not in _PRIMITIVES:
        raise InvalidRequest(
            f"Field {path} of the topic's schema has the type {name}, which topics of alerts do not use."
        )
    return _PRIMITIVES[name]
