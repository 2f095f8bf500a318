"""How DuckDB gets from its functions what Spark's give: one template each."""

from __future__ import annotations

from sqlglot import exp

from backend.condition_dialect import Log2, Log10

_NAN = "CAST('nan' AS DOUBLE)"
_SPACE = r"[\x00-\x20\x7F]*"

NUMBER_OF_TEXT = {
    False: rf"^{_SPACE}([+-]?[0-9]+){_SPACE}$",
    True: rf"^{_SPACE}((?:[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    rf"|(?i:[+-]?inf(?:inity)?|nan))(?:[dDfF])?{_SPACE}$",
}
"""The number in a text that Spark would cast; the key says whether it may have decimals."""
BOOLEAN_OF_TEXT = (
    rf"(CASE WHEN regexp_matches(lower({{0}}), '^{_SPACE}(?:t|true|y|yes|1){_SPACE}$') THEN TRUE"
    rf" WHEN regexp_matches(lower({{0}}), '^{_SPACE}(?:f|false|n|no|0){_SPACE}$') THEN FALSE END)"
)


def _logarithm(divided_by: str = "") -> str:
    return f"(CASE WHEN {{0}} > 0 THEN ln({{0}}){divided_by} END)"


def _within(domain: str, function: str) -> str:
    """NaN outside of the domain: some versions of DuckDB would end the query."""
    return f"(CASE WHEN {domain} THEN {function} WHEN {{0}} IS NOT NULL THEN {_NAN} END)"


OF_NUMBERS: dict[type[exp.Expr], str] = {
    exp.Div: "({0} / nullif({1}, 0e0))",
    exp.Ln: _logarithm(),
    Log10: "(CASE WHEN {0} > 0 THEN log10({0}) END)",
    Log2: _logarithm(" / ln(2e0)"),
    exp.Log: "(CASE WHEN {0} > 0 AND {1} > 0 THEN ln({1}) / ln({0}) END)",
    exp.Sqrt: _within("{0} >= 0", "sqrt({0})"),
    exp.Cbrt: "cbrt({0})",
    exp.Exp: "exp({0})",
    exp.Pow: f"(CASE WHEN abs({{0}}) = 1 AND NOT isfinite({{1}}) THEN {_NAN} ELSE pow({{0}}, {{1}}) END)",
    exp.Pi: "3.141592653589793e0",
    exp.Sign: "(CASE WHEN isnan({0}) OR {0} = 0 THEN {0} WHEN {0} > 0 THEN 1e0 WHEN {0} < 0 THEN -1e0 END)",
    exp.Degrees: "({0} * 57.29577951308232e0)",
    exp.Radians: "({0} * 0.017453292519943295e0)",
    exp.Sin: _within("isfinite({0})", "sin({0})"),
    exp.Cos: _within("isfinite({0})", "cos({0})"),
    exp.Tan: _within("isfinite({0})", "tan({0})"),
    exp.Asin: _within("abs({0}) <= 1", "asin({0})"),
    exp.Acos: _within("abs({0}) <= 1", "acos({0})"),
    exp.Atan: "atan({0})",
    # Java's zero has no sign here.
    exp.Atan2: "atan2({0} + 0e0, {1} + 0e0)",
    exp.Sinh: "sinh({0})",
    exp.Cosh: "cosh({0})",
    exp.Tanh: "tanh({0})",
    exp.IsNan: "coalesce(isnan({0}), FALSE)",
}
"""Of numbers, which arrive as DOUBLE."""

OF_TEXTS: dict[type[exp.Expr], str] = {
    exp.DPipe: "({0} || {1})",
    exp.Lower: "lower({0})",
    exp.Upper: "upper({0})",
    exp.Length: "length({0})",
    exp.StartsWith: "starts_with({0}, {1})",
    exp.EndsWith: "ends_with({0}, {1})",
    exp.Contains: "contains({0}, {1})",
    exp.Replace: "replace({0}, {1}, {2})",
    exp.StrPosition: "instr({0}, {1})",
    exp.Left: "(CASE WHEN {1} > 0 THEN left({0}, {1}) WHEN {1} <= 0 THEN left({0}, 0) END)",
    exp.Right: "(CASE WHEN {1} > 0 THEN right({0}, {1}) WHEN {1} <= 0 THEN left({0}, 0) END)",
}
"""Of texts, and of whole numbers as they are."""

SUBSTRING_BEGIN = "(CASE WHEN {1} > 0 THEN {1} - 1 WHEN {1} < 0 THEN length({0}) + {1} WHEN {1} = 0 THEN 0 END)"
"""Characters before the part: Spark counts from 1, from the end when negative, and takes 0 for 1."""
SUBSTRING = (
    "(CASE WHEN {begin} + {length} > 0 THEN"
    " substring({0}, greatest({begin}, 0) + 1, greatest({begin} + {length} - greatest({begin}, 0), 0))"
    " WHEN {begin} + {length} <= 0 THEN left({0}, 0) END)"
)
TO_THE_END = str(2**31 - 1)
"""The length that Spark takes where none is given."""
TRIM = {"LEADING": "ltrim({0}, ' ')", "TRAILING": "rtrim({0}, ' ')"}
