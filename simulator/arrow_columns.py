"""Arrow arrays from NumPy ones without a Python loop over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

AnyArray: TypeAlias = npt.NDArray[Any]
Mask: TypeAlias = npt.NDArray[np.bool_]
ArrowArray: TypeAlias = "pa.Array[Any]"


def _buffer(values: AnyArray) -> pa.Buffer:
    return pa.py_buffer(np.ascontiguousarray(values).data)


def validity(present: Mask | None) -> pa.Buffer | None:
    """Arrow's bitmap of which rows hold a value."""
    return None if present is None else _buffer(np.packbits(present, bitorder="little"))


def numbers(values: AnyArray, kind: pa.DataType, valid: pa.Buffer | None = None) -> ArrowArray:
    """Numbers of an Arrow type; ``valid`` is what ``validity`` returned."""
    converted = np.asarray(values, dtype=kind.to_pandas_dtype())
    return pa.Array.from_buffers(kind, len(converted), [valid, _buffer(converted)])


def words(codes: AnyArray, vocabulary: Sequence[str | None], present: Mask | None = None) -> ArrowArray:
    """Strings, by their index in a vocabulary; null where not present."""
    mask = None if present is None else ~present
    return picked(pa.array(vocabulary, pa.string()), codes, mask)


def picked(values: ArrowArray, indices: AnyArray, is_null: Mask | None = None) -> ArrowArray:
    """The values at the given indices; null where marked."""
    return values.take(pa.array(indices.astype(np.int64), pa.int64(), mask=is_null))


def lists(kind: pa.DataType, lengths: AnyArray, values: ArrowArray, present: Mask) -> ArrowArray:
    """Lists of the given lengths from the values that they hold one after another; null where not present."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.Array.from_buffers(kind, len(lengths), [validity(present), _buffer(offsets)], children=[values])


def maps(kind: pa.DataType, keys: Sequence[str], values: Sequence[ArrowArray]) -> ArrowArray:
    """Maps with the same keys in each row; ``values`` holds one array a key."""
    count, width = len(values[0]), len(keys)
    entries = pa.StructArray.from_arrays(
        [
            picked(pa.array(keys, pa.string()), np.tile(np.arange(width), count)),
            picked(pa.concat_arrays(list(values)), np.arange(count * width).reshape(width, count).T.ravel()),
        ],
        fields=[pa.field("key", pa.string(), nullable=False), pa.field("value", values[0].type)],
    )
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    return pa.Array.from_buffers(kind, count, [None, _buffer(offsets)], children=[entries])


def template(pattern: str, count: int) -> npt.NDArray[np.uint8]:
    """The bytes of a text of fixed width, one row each, to write digits and letters into."""
    return np.tile(np.frombuffer(pattern.encode(), dtype=np.uint8), (count, 1))


def put_digits(text: npt.NDArray[np.uint8], position: int, width: int, values: AnyArray) -> None:
    """Write whole numbers with leading zeros into a template."""
    rest = np.asarray(values, dtype=np.int64)
    for column in range(position + width - 1, position - 1, -1):
        rest, digit = np.divmod(rest, 10)
        text[:, column] = digit + ord("0")


def fixed_width_text(text: npt.NDArray[np.uint8], valid: pa.Buffer | None = None) -> ArrowArray:
    """Strings of equal length from a filled template."""
    count, width = text.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    return pa.Array.from_buffers(pa.string(), count, [valid, _buffer(offsets), _buffer(text)])


def struct_of(kind: pa.StructType, columns: dict[str, ArrowArray]) -> ArrowArray:
    """A struct with exactly the fields of its type."""
    fields = [kind.field(number) for number in range(kind.num_fields)]
    return pa.StructArray.from_arrays([columns[field.name] for field in fields], fields=fields)
