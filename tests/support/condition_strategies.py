"""Conditions that are right, in endless variety."""

from __future__ import annotations

from hypothesis import strategies as st

PATHS = st.sampled_from(["candidate.magpsf", "Plx", "candidate.fid", "mulens", "candid", "`lc_features_g`.`mean`"])
NUMBERS = st.one_of(st.integers(0, 10**12).map(str), st.floats(0, 1e30).map(repr), PATHS)
TEXTS = st.one_of(
    st.sampled_from(["objectId", "cdsxmatch", "finkclass"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0$"), max_size=8).map(
        lambda each: "'" + each.replace("\\", "\\\\").replace("'", "\\'") + "'"
    ),
)
UNARY = st.sampled_from(
    (
        *("abs", "sqrt", "cbrt", "exp", "ln", "log", "log10", "log2", "floor", "ceil", "round", "sign"),
        *("sin", "cos", "tan", "asin", "acos", "atan", "degrees", "radians"),
    )
)
BINARY = st.sampled_from(["pow", "atan2", "mod", "pmod", "greatest", "least", "coalesce", "nullif", "log"])


def numbers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/%"), inner),
        st.builds("-{}".format, PATHS),
        st.builds("{}({})".format, UNARY, inner),
        st.builds("{}({}, {})".format, BINARY, inner, inner),
        st.builds("CASE WHEN {} > 1 THEN {} ELSE {} END".format, inner, inner, inner),
        st.builds("if({} < 1, {}, {})".format, inner, inner, inner),
        st.builds("CAST({} AS {})".format, inner, st.sampled_from(["INT", "double", "BIGINT", "float"])),
        st.builds("length({})".format, TEXTS),
    )


NUMBER = st.recursive(NUMBERS, numbers, max_leaves=6)
COMPARED = st.sampled_from(["=", "==", "<>", "!=", "<", "<=", ">", ">="])
PREDICATE = st.one_of(
    st.builds("{} {} {}".format, NUMBER, COMPARED, NUMBER),
    st.builds("{} {} {}".format, TEXTS, COMPARED, TEXTS),
    st.builds("{} {} ({}, {})".format, NUMBER, st.sampled_from(["IN", "not in"]), NUMBER, NUMBER),
    st.builds("{} BETWEEN {} AND {}".format, NUMBER, NUMBER, NUMBER),
    st.builds("{} IS {}".format, NUMBER, st.sampled_from(["NULL", "NOT NULL"])),
    st.builds("{} {} 'a%'".format, TEXTS, st.sampled_from(["LIKE", "NOT LIKE", "RLIKE"])),
    st.sampled_from(["from_upper", "isnan(Plx)", "startswith(objectId, 'ZTF')", "TRUE"]),
)
CONDITIONS = st.recursive(
    PREDICATE,
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["AND", "or"]), inner),
        st.builds("NOT ({})".format, inner),
        st.builds("({}) = ({})".format, inner, inner),
    ),
    max_leaves=4,
)
