"""The names in a query: tables in their scope, columns with what is next to a wrong one, and how much * may mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

import pyarrow as pa
from sqlglot import exp

from backend.condition_text import Refusal
from backend.condition_values import place

TABLE = "alerts"
MAX_READS = 8
"""How often a query may read the alerts: DuckDB plans joins without a look at the clock."""


@dataclass(frozen=True)
class Names:
    """What a table holds.

    Parameters
    ----------
    columns
        Names of its columns.
    paths
        Dotted paths of all that lies inside its columns; of a list, those of an entry.
    """

    columns: tuple[str, ...]
    paths: tuple[str, ...] = ()
    _parts: frozenset[str] = field(init=False, repr=False, compare=False, default=frozenset())

    def __post_init__(self) -> None:
        parts = (part.lower() for path in (*self.columns, *self.paths) for part in path.split("."))
        object.__setattr__(self, "_parts", frozenset(parts))

    @property
    def parts(self) -> frozenset[str]:
        """Each name, of a column or of what lies inside one, in small letters."""
        return self._parts


def names_of(schema: pa.Schema) -> Names:
    """The names of a table with this schema."""
    paths = (path for column in schema for path in _paths_in(column.name, column.type))
    return Names(tuple(schema.names), tuple(paths))


def _paths_in(path: str, kind: pa.DataType) -> Iterator[str]:
    if isinstance(kind, pa.StructType):
        for each in kind:
            yield f"{path}.{each.name}"
            yield from _paths_in(f"{path}.{each.name}", each.type)
    elif isinstance(kind, pa.ListType):
        yield from _paths_in(path, kind.value_type)


def nearest(word: str, known: Iterable[str]) -> str:
    """What was probably meant; empty when nothing is near."""
    by_key = {each.lower(): each for each in known}
    inside = [each for key, each in by_key.items() if key.endswith(f".{word.lower()}")]
    close = get_close_matches(word.lower(), by_key, n=1, cutoff=0.75)
    return inside[0] if inside else by_key[close[0]] if close else ""


def check_tables(tree: exp.Expr) -> None:
    """Let a query read the alerts, and what WITH names before.

    Raises
    ------
    Refusal
        At any other table, or where the alerts would be read too often.
    """
    reads = _Reads()
    for cte in tree.find_all(exp.CTE):
        if cte.alias.lower() == TABLE:
            raise Refusal(place(cte.args["alias"]), f"a query after WITH cannot be called {TABLE}.")
    for table in tree.find_all(exp.Table):
        _refuse_unknown(table)
    if reads.of(tree) > MAX_READS:
        raise Refusal(0, f"the alerts are read more than {MAX_READS} times; the queries after WITH count each time.")


def _refuse_unknown(table: exp.Table) -> None:
    if table.name.lower() != TABLE and _meant(table) is None:
        visible = [TABLE, *(cte.alias for cte in _visible(table))]
        raise Refusal(
            place(table),
            f"there is no table {table.name[:60]}; only {TABLE} can be asked.",
            nearest(table.name, visible),
        )


def _meant(table: exp.Table) -> exp.CTE | None:
    """The query after WITH that a table's name means; the innermost."""
    return next((cte for cte in _visible(table) if cte.alias.lower() == table.name.lower()), None)


def _visible(table: exp.Table) -> Iterator[exp.CTE]:
    below: exp.Expr = table
    node = table.parent
    while node is not None:
        if isinstance(node, exp.With):
            # Inside one of them only those before it are known.
            earlier = node.expressions[: next(n for n, each in enumerate(node.expressions) if each is below)]
            yield from reversed(earlier)
        elif (named := node.args.get("with_")) is not None and named is not below:
            yield from reversed(named.expressions)
        below, node = node, node.parent


class _Reads:
    """How often the alerts are read, with each query after WITH counted as often as it is named."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def of(self, query: exp.Expr) -> int:
        if id(query) not in self._known:
            inner = query.walk(bfs=False, prune=lambda node: isinstance(node, exp.With))
            self._known[id(query)] = sum(self._of_table(node) for node in inner if isinstance(node, exp.Table))
        return self._known[id(query)]

    def _of_table(self, table: exp.Table) -> int:
        cte = _meant(table)
        return 1 if cte is None else max(1, self.of(cte.this))


def check_stars(nodes: Iterable[exp.Expr]) -> None:
    """Let * stand for each column once, and in count(*).

    Raises
    ------
    Refusal
        Where it would multiply the columns, or means nothing.
    """
    for node in nodes:
        if isinstance(node, exp.Select):
            stars = [each for each in node.expressions if each.is_star and not isinstance(each, exp.Anonymous)]
            owners = [each.text("table").lower() for each in stars]
            if len(owners) != len(set(owners)) or ("" in owners and len(owners) > 1):
                raise Refusal(place(node), "* stands for all columns, once.")
        elif isinstance(node, exp.Star):
            above = node.parent.parent if isinstance(node.parent, exp.Column) else node.parent
            counts = isinstance(above, exp.Anonymous) and above.name.lower() == "count" and above is node.parent
            if not (isinstance(above, exp.Select) or counts):
                raise Refusal(place(above or node), "* has its place after SELECT and in count(*).")


def check_names(nodes: Iterable[exp.Expr], names: Names) -> None:
    """Refuse a column that neither the table has nor the query makes.

    Whether it is known at this place is for DuckDB to say: this is to name the place and what was meant.

    Raises
    ------
    Refusal
        At the first unknown name.
    """
    listed = list(nodes)
    tables = {each.alias_or_name.lower() for each in listed if isinstance(each, (exp.Table, exp.Subquery, exp.CTE))}
    made = [each.alias for each in listed if isinstance(each, exp.Alias)]
    for alias in listed:
        if isinstance(alias, exp.TableAlias):
            made += [each.name for each in alias.args.get("columns") or ()]
    known = {each.lower() for each in (*names.columns, *made)}
    for node in listed:
        if isinstance(node, exp.Column) and not _is_known(node, known, tables, names):
            shown = ".".join(part.name for part in node.parts)
            there = [*names.columns, *names.paths, *made]
            meant = nearest(shown, there) or nearest(node.parts[-1].name, there)
            raise Refusal(place(node), f"there is no column {shown[:60]}.", meant)


def _is_known(column: exp.Column, known: set[str], tables: set[str], names: Names) -> bool:
    is_star = isinstance(column.this, exp.Star)
    first, *others = (part.name.lower() for part in column.parts if isinstance(part, exp.Identifier))
    begins = first in known or ((is_star or bool(others)) and first in tables)
    return begins and all(part in names.parts or part in known for part in others)
