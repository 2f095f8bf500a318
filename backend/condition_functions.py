"""The functions and operators that a condition may use: one table of what each takes and gives."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from backend.condition_dialect import ForAll, Log2, Log10, PositiveMod
from backend.condition_values import NUMBER, Kind

_OF_NUMBERS = """abs sqrt cbrt exp ln log log10 log2 pow power floor ceil ceiling round sign signum mod pmod pi isnan
    sin cos tan asin acos atan atan2 sinh cosh tanh degrees radians greatest least"""
_OF_TEXTS = """lower lcase upper ucase length char_length trim ltrim rtrim substring substr left right concat replace
    instr startswith endswith contains"""
_OF_ANY = "coalesce ifnull nvl nullif if cast try_cast"
_OF_LISTS = """size array_size cardinality exists forall filter transform aggregate reduce element_at array_min
    array_max array_contains array_distinct"""
FUNCTIONS = frozenset(f"{_OF_NUMBERS} {_OF_TEXTS} {_OF_ANY} {_OF_LISTS}".split())
"""Names of the functions that may be called; the tables below say with what, those of lists in `condition_lists`."""


@dataclass(frozen=True)
class Signature:
    """What a function or an operator takes and gives.

    Parameters
    ----------
    takes
        The kinds that each operand may have.
    gives
        The kind of the result; none: the widest kind of the operands.
    least
        How many operands there must be; none: all of them.
    repeats
        Whether the last operand may come again and again.
    """

    takes: tuple[tuple[Kind, ...], ...]
    gives: Kind | None = None
    least: int | None = None
    repeats: bool = False


_TEXT, _INTEGER, _BOOLEAN = (Kind.TEXT,), (Kind.INTEGER,), (Kind.BOOLEAN,)
SIGNATURES: dict[type[exp.Expr], Signature] = {
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Mod, PositiveMod), Signature((NUMBER, NUMBER))),
    **dict.fromkeys((exp.Neg, exp.Abs), Signature((NUMBER,))),
    **dict.fromkeys((exp.Div, exp.Pow, exp.Atan2), Signature((NUMBER, NUMBER), Kind.REAL)),
    **dict.fromkeys((exp.Sqrt, exp.Cbrt, exp.Exp, exp.Ln, Log10, Log2, exp.Sign), Signature((NUMBER,), Kind.REAL)),
    **dict.fromkeys((exp.Sin, exp.Cos, exp.Tan, exp.Asin, exp.Acos, exp.Atan), Signature((NUMBER,), Kind.REAL)),
    **dict.fromkeys((exp.Sinh, exp.Cosh, exp.Tanh, exp.Degrees, exp.Radians), Signature((NUMBER,), Kind.REAL)),
    exp.Log: Signature((NUMBER, NUMBER), Kind.REAL),
    exp.Pi: Signature((), Kind.REAL),
    **dict.fromkeys((exp.Floor, exp.Ceil), Signature((NUMBER,), Kind.INTEGER)),
    exp.Round: Signature((NUMBER, _INTEGER), least=1),
    exp.IsNan: Signature((NUMBER,), Kind.BOOLEAN),
    **dict.fromkeys((exp.And, exp.Or), Signature((_BOOLEAN, _BOOLEAN), Kind.BOOLEAN)),
    exp.Not: Signature((_BOOLEAN,), Kind.BOOLEAN),
    exp.DPipe: Signature((_TEXT, _TEXT), Kind.TEXT),
    **dict.fromkeys((exp.Lower, exp.Upper, exp.Trim), Signature((_TEXT,), Kind.TEXT)),
    exp.Length: Signature((_TEXT,), Kind.INTEGER),
    exp.Substring: Signature((_TEXT, _INTEGER, _INTEGER), Kind.TEXT, least=2),
    **dict.fromkeys((exp.Left, exp.Right), Signature((_TEXT, _INTEGER), Kind.TEXT)),
    exp.Replace: Signature((_TEXT, _TEXT, _TEXT), Kind.TEXT),
    exp.StrPosition: Signature((_TEXT, _TEXT), Kind.INTEGER),
    exp.Concat: Signature((_TEXT,), Kind.TEXT, repeats=True),
    **dict.fromkeys((exp.StartsWith, exp.EndsWith, exp.Contains), Signature((_TEXT, _TEXT), Kind.BOOLEAN)),
    **dict.fromkeys((exp.Like, exp.RegexpLike), Signature((_TEXT, _TEXT), Kind.BOOLEAN)),
}
EQUALITIES = (exp.EQ, exp.NEQ)
COMPARISONS = (*EQUALITIES, exp.GT, exp.GTE, exp.LT, exp.LTE)

LAMBDA_VARIABLES: dict[type[exp.Expr], int] = {
    **dict.fromkeys((exp.Exists, ForAll, exp.ArrayFilter, exp.Transform), 1),
    exp.Reduce: 2,
}
"""Functions of lists that take ``p -> ...`` -> how many names stand before the arrow."""
