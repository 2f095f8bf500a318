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
        *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "degrees", "radians"),
    )
)
BINARY = st.sampled_from(["pow", "atan2", "mod", "pmod", "greatest", "least", "coalesce", "nullif", "log"])
PARTS_OF_TEXT = st.sampled_from(
    (
        *("lower({})", "trim({})", "ltrim({})", "substring({}, 2, 3)", "left({}, 2)", "right({}, 2)"),
        *("replace({}, 'a', 'b')", "concat({}, 'x')", "{} || 'y'"),
    )
)


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
        st.builds("instr({}, {})".format, TEXTS, TEXTS),
    )


NUMBER = st.recursive(NUMBERS, numbers, max_leaves=6)
TEXT = st.builds(lambda form, text: form.format(text) if text[0] != "'" else text, PARTS_OF_TEXT, TEXTS)
COMPARED = st.sampled_from(["=", "==", "<>", "!=", "<", "<=", ">", ">="])
PREDICATE = st.one_of(
    st.builds("{} {} {}".format, NUMBER, COMPARED, NUMBER),
    st.builds("{} {} {}".format, TEXT, COMPARED, TEXT),
    st.builds("{} {} ({}, {})".format, NUMBER, st.sampled_from(["IN", "not in"]), NUMBER, NUMBER),
    st.builds("{} BETWEEN {} AND {}".format, NUMBER, NUMBER, NUMBER),
    st.builds("{} IS {}".format, NUMBER, st.sampled_from(["NULL", "NOT NULL"])),
    st.builds("{} {} 'a%'".format, TEXTS, st.sampled_from(["LIKE", "NOT LIKE"])),
    st.builds("{} {} '^a.*[0-9]?$'".format, TEXTS, st.sampled_from(["RLIKE", "NOT RLIKE"])),
    st.sampled_from(["from_upper", "isnan(Plx)", "startswith(objectId, 'ZTF')", "TRUE"]),
)


def conditions(predicate: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Predicates, and what AND, OR, NOT and comparisons make of them."""
    return st.recursive(
        predicate,
        lambda inner: st.one_of(
            st.builds("{} {} {}".format, inner, st.sampled_from(["AND", "or"]), inner),
            st.builds("NOT ({})".format, inner),
            st.builds("({}) = ({})".format, inner, inner),
        ),
        max_leaves=4,
    )


COUNTED = conditions(PREDICATE)
"""Conditions on fields that the sample of alerts has."""

_ENTRY = st.sampled_from(
    ["p.magpsf", "p.fid", "p.jd", "abs(p.magpsf - candidate.magpsf)", "log10(p.sigmapsf)", "p.candid"]
)
_OF_ENTRY = st.one_of(
    st.builds("{} {} {}".format, _ENTRY, COMPARED, NUMBERS),
    st.builds("{} IS {}".format, _ENTRY, st.sampled_from(["NULL", "NOT NULL"])),
    st.builds("NOT ({} BETWEEN {} AND {})".format, _ENTRY, NUMBERS, _ENTRY),
)
_LIST = st.one_of(st.just("prv_candidates"), st.builds("filter(prv_candidates, p -> {})".format, _OF_ENTRY))
ON_HISTORY = conditions(
    st.one_of(
        st.builds("{}({}, p -> {})".format, st.sampled_from(["exists", "forall"]), _LIST, _OF_ENTRY),
        st.builds("{}({}) > {}".format, st.sampled_from(["size", "cardinality", "array_size"]), _LIST, NUMBERS),
        st.builds(
            "element_at({}, {}).{} < 3".format, _LIST, st.sampled_from(["1", "-1"]), st.sampled_from(["fid", "jd"])
        ),
        st.builds(
            "{}(transform({}, p -> {})) {} {}".format,
            *(st.sampled_from(["array_min", "array_max"]), _LIST, _ENTRY, COMPARED, NUMBERS),
        ),
        st.builds("size(array_distinct(transform({}, p -> {}))) > 1".format, _LIST, _ENTRY),
        st.builds("array_contains(transform({}, p -> {}), 1)".format, _LIST, _ENTRY),
        st.builds("aggregate({}, 0, (total, p) -> total + {}) > {}".format, _LIST, _ENTRY, NUMBERS),
        st.sampled_from(["array_max(cmagpsf) > 18", "exists(cfid, f -> f = 1)", "size(cjd) > 2"]),
    )
)
"""Conditions on lists, which only Spark sees."""

CONDITIONS = st.one_of(COUNTED, ON_HISTORY)
