"""An Avro schema for an Arrow table, as the job would publish it: for tests that have no Spark."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

_PRIMITIVES: tuple[tuple[Any, str], ...] = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_int64, "long"),
    (pa.types.is_integer, "int"),
    (pa.types.is_float32, "float"),
    (pa.types.is_floating, "double"),
    (pa.types.is_binary, "bytes"),
)


def avro_schema(schema: pa.Schema) -> dict[str, Any]:
    """The record of a table's columns; what is not a primitive, a struct or a list becomes a string."""
    fields = [{"name": "candid", "type": "long"} if f.name == "candid" else _field(f, "top") for f in schema]
    return {"type": "record", "name": "topLevelRecord", "fields": fields}


def _field(field: Any, path: str) -> dict[str, Any]:
    return {"name": field.name, "type": [_kind(field.type, f"{path}_{field.name}"), "null"]}


def _kind(kind: pa.DataType, path: str) -> Any:
    if pa.types.is_struct(kind):
        fields = [_field(kind.field(index), path) for index in range(kind.num_fields)]
        return {"type": "record", "name": path, "fields": fields}
    if pa.types.is_list(kind):
        return {"type": "array", "items": [_kind(kind.value_type, f"{path}_item"), "null"]}
    return next((avro for is_it, avro in _PRIMITIVES if is_it(kind)), "string")
