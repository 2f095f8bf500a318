"""From a type that a file has to the type that the survey has, as Spark SQL; what cannot be turned into it is null.

Casts are tries: a number that does not fit, a NaN where a whole number is due and a text that is no time become null,
never another value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pyspark.sql.types import (
    ArrayType,
    AtomicType,
    BinaryType,
    DataType,
    DateType,
    DoubleType,
    IntegralType,
    MapType,
    NullType,
    NumericType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

_TIMES = (TimestampType, TimestampNTZType, DateType)


@dataclass
class Conversion:
    """How to make a value of one type from one of another.

    Attributes
    ----------
    sql
        The expression.
    done
        What is done to the value or to parts of it, such as ``double -> float``; each once, in order.
    absent
        Dotted paths of nested fields that are not there, from the value on.
    """

    sql: str = ""
    done: dict[str, None] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)


def reads_as(here: DataType, wanted: DataType) -> bool:
    """Whether Spark's Parquet reader gives `wanted` from a file that has `here`.

    It finds nested fields by their names, whatever their order, and gives null for those that are not there.
    """
    if isinstance(here, StructType) and isinstance(wanted, StructType):
        shared = set(here.names) & set(wanted.names)
        return bool(shared) and all(reads_as(here[name].dataType, wanted[name].dataType) for name in shared)
    if isinstance(here, ArrayType) and isinstance(wanted, ArrayType):
        return reads_as(here.elementType, wanted.elementType)
    if isinstance(here, MapType) and isinstance(wanted, MapType):
        return here.keyType == wanted.keyType and reads_as(here.valueType, wanted.valueType)
    return here == wanted


def convert(sql: str, here: DataType, wanted: DataType) -> Conversion:
    """How to make a value of the type `wanted` from the expression `sql` of the type `here`."""
    conversion = Conversion()
    conversion.sql = _converted(sql, here, wanted, "", conversion)
    return conversion


def absent_fields(here: DataType, wanted: DataType, path: str = "") -> list[str]:
    """Dotted paths of the nested fields of `wanted` that `here` does not have."""
    if isinstance(here, ArrayType) and isinstance(wanted, ArrayType):
        return absent_fields(here.elementType, wanted.elementType, path)
    if not isinstance(here, StructType) or not isinstance(wanted, StructType):
        return []
    absent = [f"{path}.{name}" for name in wanted.names if name not in here.names]
    both = (name for name in wanted.names if name in here.names)
    return absent + [
        each for name in both for each in absent_fields(here[name].dataType, wanted[name].dataType, f"{path}.{name}")
    ]


def extended(known: DataType, found: Iterable[DataType]) -> DataType:
    """The type `known`, followed by the nested fields that only the files have."""
    if isinstance(known, ArrayType):
        elements = [each.elementType for each in found if isinstance(each, ArrayType)]
        return ArrayType(extended(known.elementType, elements))
    if not isinstance(known, StructType):
        return known
    below: dict[str, list[DataType]] = {name: [] for name in known.names}
    for struct in found:
        for each in struct.fields if isinstance(struct, StructType) else ():
            below.setdefault(each.name, []).append(each.dataType)
    return StructType(
        [
            StructField(name, extended(known[name].dataType, types) if name in known.names else common_type(types))
            for name, types in below.items()
        ]
    )


def common_type(types: Iterable[DataType]) -> DataType:
    """The narrowest type that can hold values of all these types; text when there is no other."""
    narrowest: DataType = NullType()
    for each in types:
        narrowest = _common_of_two(narrowest, each)
    return StringType() if isinstance(narrowest, NullType) else narrowest


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever its characters."""
    return "`" + name.replace("`", "``") + "`"


def _converted(sql: str, here: DataType, wanted: DataType, path: str, into: Conversion) -> str:
    if here == wanted:
        return sql
    if isinstance(wanted, StructType) and isinstance(here, StructType):
        fields = (_struct_field(sql, here, each, path, into) for each in wanted.fields)
        return _unless_null(sql, f"named_struct({', '.join(fields)})")
    if isinstance(wanted, ArrayType) and isinstance(here, ArrayType):
        element = f"element_{path.count('.')}"
        return f"transform({sql}, {element} -> {_converted(element, here.elementType, wanted.elementType, path, into)})"
    if isinstance(wanted, MapType) and isinstance(here, MapType) and here.keyType == wanted.keyType:
        value = _converted("value", here.valueType, wanted.valueType, path, into)
        return f"transform_values({sql}, (key, value) -> {value})"
    if isinstance(wanted, MapType) and isinstance(here, StructType) and isinstance(wanted.keyType, StringType):
        into.done["struct -> map"] = None
        entries = (
            _entry(each.name, f"{sql}.{quoted(each.name)}", each.dataType, wanted.valueType, path, into)
            for each in here.fields
        )
        return _unless_null(sql, f"map({', '.join(entries)})")
    if isinstance(wanted, StructType) and isinstance(here, MapType) and isinstance(here.keyType, StringType):
        into.done["map -> struct"] = None
        fields = (
            _entry(each.name, f"{sql}[{_text(each.name)}]", here.valueType, each.dataType, path, into)
            for each in wanted.fields
        )
        return _unless_null(sql, f"named_struct({', '.join(fields)})")
    if isinstance(wanted, StringType) and isinstance(here, (StructType, ArrayType, MapType)):
        into.done[f"{_word(here)} -> string"] = None
        return f"to_json({sql})"
    if _can_cast(here, wanted):
        into.done[f"{_word(here)} -> {_word(wanted)}"] = None
        return f"try_cast({sql} AS {wanted.simpleString()})"
    into.done[f"{_word(here)} -> null"] = None
    return f"CAST(NULL AS {sql_type(wanted)})"


def _struct_field(sql: str, here: StructType, wanted: StructField, path: str, into: Conversion) -> str:
    name = wanted.name
    if name not in here.names:
        into.absent.append(f"{path}.{name}")
        return f"{_text(name)}, CAST(NULL AS {sql_type(wanted.dataType)})"
    return _entry(name, f"{sql}.{quoted(name)}", here[name].dataType, wanted.dataType, path, into)


def _entry(name: str, sql: str, here: DataType, wanted: DataType, path: str, into: Conversion) -> str:
    """What ``map`` and ``named_struct`` are given for one of their parts: its name and its value."""
    return f"{_text(name)}, {_converted(sql, here, wanted, f'{path}.{name}', into)}"


def _unless_null(sql: str, built: str) -> str:
    return f"IF({sql} IS NULL, NULL, {built})"


def _can_cast(here: DataType, wanted: DataType) -> bool:
    """Whether a cast keeps the meaning: a number is no time, and bytes are only bytes."""
    if not isinstance(here, AtomicType) or not isinstance(wanted, AtomicType):
        return False
    if isinstance(here, BinaryType) or isinstance(wanted, BinaryType):
        return isinstance(here, StringType)
    if isinstance(here, StringType) or isinstance(wanted, StringType):
        return True
    return isinstance(here, _TIMES) == isinstance(wanted, _TIMES)


def _common_of_two(one: DataType, other: DataType) -> DataType:
    if one == other or isinstance(other, NullType):
        return one
    if isinstance(one, NullType):
        return other
    if isinstance(one, NumericType) and isinstance(other, NumericType):
        return _wider_number(one, other)
    if isinstance(one, _TIMES) and isinstance(other, _TIMES):
        return TimestampType()
    if isinstance(one, ArrayType) and isinstance(other, ArrayType):
        return ArrayType(common_type((one.elementType, other.elementType)))
    if isinstance(one, MapType) and isinstance(other, MapType) and one.keyType == other.keyType:
        return MapType(one.keyType, common_type((one.valueType, other.valueType)))
    if isinstance(one, StructType) and isinstance(other, StructType):
        return extended(StructType([]), (one, other))
    return StringType()


def _wider_number(one: NumericType, other: NumericType) -> DataType:
    if isinstance(one, IntegralType) and isinstance(other, IntegralType):
        order = ("tinyint", "smallint", "int", "bigint")
        return max(one, other, key=lambda each: order.index(each.simpleString()))
    return DoubleType()


def _word(kind: DataType) -> str:
    word: str = kind.simpleString() if isinstance(kind, AtomicType) else kind.typeName()
    return word


def sql_type(kind: DataType) -> str:
    """The type as Spark SQL reads it, with names of any characters."""
    if isinstance(kind, StructType):
        return f"struct<{', '.join(f'{quoted(each.name)}: {sql_type(each.dataType)}' for each in kind.fields)}>"
    if isinstance(kind, ArrayType):
        return f"array<{sql_type(kind.elementType)}>"
    if isinstance(kind, MapType):
        return f"map<{sql_type(kind.keyType)}, {sql_type(kind.valueType)}>"
    word: str = kind.simpleString()
    return word


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
