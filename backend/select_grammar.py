"""What a query may consist of: the nodes of its tree with what each may hold, functions, types."""

from __future__ import annotations

from sqlglot import exp

_BINARY = frozenset(("this", "expression"))
_UNARY = frozenset(("this",))
_SET_OPERATION = frozenset(("this", "expression", "distinct", "order", "limit", "offset", "with_"))

NODES: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset(
        (
            *("expressions", "distinct", "from_", "joins", "where", "group", "having", "qualify", "order"),
            *("limit", "offset", "with_"),
        )
    ),
    **dict.fromkeys((exp.Union, exp.Except, exp.Intersect), _SET_OPERATION),
    exp.Subquery: frozenset(("this", "alias", "order", "limit", "offset", "with_")),
    exp.With: frozenset(("expressions",)),
    exp.CTE: frozenset(("this", "alias")),
    exp.From: _UNARY,
    exp.Table: frozenset(("this", "alias")),
    exp.TableAlias: frozenset(("this", "columns")),
    exp.Join: frozenset(("this", "side", "kind", "on", "using")),
    **dict.fromkeys((exp.Where, exp.Having, exp.Qualify, exp.Paren, exp.Exists, exp.Not, exp.Neg), _UNARY),
    exp.Group: frozenset(("expressions", "all")),
    exp.Order: frozenset(("this", "expressions")),
    exp.Ordered: frozenset(("this", "desc", "nulls_first")),
    **dict.fromkeys((exp.Limit, exp.Offset), frozenset(("expression",))),
    exp.Distinct: frozenset(("expressions", "on")),
    exp.Tuple: frozenset(("expressions",)),
    exp.Alias: frozenset(("this", "alias")),
    exp.Column: frozenset(("this", "table", "db", "catalog")),
    exp.Identifier: frozenset(("this", "quoted")),
    exp.Star: frozenset(),
    exp.Dot: _BINARY,
    exp.Bracket: frozenset(("this", "expressions", "offset")),
    exp.Literal: frozenset(("this", "is_string")),
    exp.Boolean: _UNARY,
    exp.Null: frozenset(),
    **dict.fromkeys((exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is), _BINARY),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ, exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Pow), _BINARY),
    exp.Div: frozenset(("this", "expression", "typed", "safe")),
    exp.IntDiv: _BINARY,
    exp.DPipe: frozenset(("this", "expression", "safe")),
    **dict.fromkeys((exp.Like, exp.ILike), frozenset(("this", "expression", "negate"))),
    exp.Between: frozenset(("this", "low", "high")),
    exp.In: frozenset(("this", "expressions", "query")),
    exp.Case: frozenset(("this", "ifs", "default")),
    exp.If: frozenset(("this", "true")),
    exp.Cast: frozenset(("this", "to")),
    exp.TryCast: frozenset(("this", "to", "safe")),
    exp.DataType: frozenset(("this", "expressions", "nested")),
    exp.DataTypeParam: _UNARY,
    exp.Interval: frozenset(("this", "unit")),
    exp.Extract: _BINARY,
    exp.Var: _UNARY,
    exp.Anonymous: frozenset(("this", "expressions")),
    exp.Filter: _BINARY,
    exp.Window: frozenset(("this", "partition_by", "order", "spec", "over")),
    exp.WindowSpec: frozenset(("kind", "start", "start_side", "end", "end_side")),
}
"""Node -> what it may hold. sqlglot forgets some of what it cannot write: what is not here is refused."""

JOIN_KINDS = frozenset(("", "INNER", "OUTER", "CROSS", "SEMI", "ANTI"))

CAST_TO = frozenset(
    (
        *(exp.DType.BOOLEAN, exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT),
        *(exp.DType.FLOAT, exp.DType.DOUBLE, exp.DType.DECIMAL, exp.DType.TEXT, exp.DType.VARCHAR),
        *(exp.DType.DATE, exp.DType.TIMESTAMPNTZ, exp.DType.INT128),
    )
)
TEXT_TYPES = (exp.DType.TEXT, exp.DType.VARCHAR)

_AGGREGATES = """count count_if countif sum fsum avg mean min max median mode mad stddev stddev_samp stddev_pop variance
    var_samp var_pop quantile quantile_cont quantile_disc approx_quantile approx_count_distinct any_value first last
    arg_min arg_max argmin argmax min_by max_by bool_and bool_or corr covar_samp covar_pop regr_slope regr_intercept
    regr_r2 regr_count skewness kurtosis product"""
_OF_WINDOWS = """row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value"""
_OF_NUMBERS = """abs ceil ceiling floor round trunc sign sqrt cbrt exp ln log log2 log10 pow power mod fmod pi sin cos
    tan cot asin acos atan atan2 sinh cosh tanh asinh acosh atanh degrees radians greatest least isnan isinf isfinite"""
_OF_TEXTS = """lower upper lcase ucase length len strlen char_length trim ltrim rtrim left right substr substring
    starts_with ends_with prefix suffix contains instr strpos split_part reverse concat regexp_matches
    regexp_full_match regexp_extract octet_length"""
_OF_ANY = "coalesce ifnull nullif if"
_OF_TIMES = """date_trunc datetrunc date_part datepart date_diff datediff date_add strftime make_date make_timestamp
    epoch epoch_ms year quarter month week day hour minute second dayofweek isodow dayofyear julian last_day dayname
    monthname"""
_OF_LISTS = "unnest list_contains array_contains list_min list_max list_sum list_avg struct_extract element_at"
FUNCTIONS = frozenset(
    f"{_AGGREGATES} {_OF_WINDOWS} {_OF_NUMBERS} {_OF_TEXTS} {_OF_ANY} {_OF_TIMES} {_OF_LISTS}".split()
)
"""DuckDB's functions that may be called: none makes much of little, none knows more than its operands."""

OF_LITERAL_PATTERN = frozenset(("regexp_matches", "regexp_full_match", "regexp_extract"))
"""Their second operand must be a text as typed: a pattern of each row's own would be made ready for each row."""
MOST_OPERANDS = {
    **dict.fromkeys(("min", "max", "unnest"), 1),
    **dict.fromkeys(("arg_min", "arg_max", "argmin", "argmax", "min_by", "max_by"), 2),
}
"""With one more these make lists of any length, or take lists apart at all levels."""
ANY_OPERANDS = 20
