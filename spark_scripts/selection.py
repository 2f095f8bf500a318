"""Which alerts are sent: classes, then conditions, on all fields of the archive's alert."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_scripts.archive import NIGHT, field_type
from spark_scripts.class_rule import UNKNOWN, finkclass
from spark_scripts.plan import TransferPlan

IDENTITY = ("candid", NIGHT, "finkclass", "tnsclass")
"""What the receipt counts by."""


def with_classes(frame: DataFrame) -> DataFrame:
    """Add ``finkclass`` and ``tnsclass``; no TNS catalogue is matched yet."""
    return frame.withColumn("finkclass", finkclass(frame)).withColumn("tnsclass", F.lit(UNKNOWN))


def select_alerts(frame: DataFrame, plan: TransferPlan) -> DataFrame:
    """The alerts of `frame` (with classes) that the plan asks for, all their columns unchanged.

    A limit is resolved to ids first, so that every later pass over the frame sees the same alerts.
    """
    absent = absent_fields(frame, plan.condition_columns)
    selected = _matching(_with_nulls(frame, absent), plan)
    if plan.limit is not None:
        candids = [row.candid for row in selected.select("candid").take(plan.limit)]
        selected = selected.filter(F.col("candid").isin(candids))
    return _without(selected, frame, absent)


def absent_fields(frame: DataFrame, wanted: dict[str, str]) -> dict[str, str]:
    """Those of the `wanted` fields (path -> Spark SQL type) that the frame does not have."""
    return {path: kind for path, kind in wanted.items() if field_type(frame, path) is None}


def _matching(frame: DataFrame, plan: TransferPlan) -> DataFrame:
    wanted = _class_filter(plan)
    for condition in plan.conditions:
        wanted = wanted & F.expr(condition)
    return frame.filter(wanted)


def _class_filter(plan: TransferPlan) -> Column:
    if not plan.finkclasses and not plan.tnsclasses:
        return F.lit(True)
    return F.col("finkclass").isin(list(plan.finkclasses)) | F.col("tnsclass").isin(list(plan.tnsclasses))


def _with_nulls(frame: DataFrame, absent: dict[str, str]) -> DataFrame:
    """Fields that the conditions use and these nights do not have, as nulls: they fulfil no condition."""
    for root, fields in _by_root(absent).items():
        nothing = {path: F.lit(None).cast(kind) for path, kind in fields.items()}
        if root in nothing:
            frame = frame.withColumn(root, nothing[root])
        elif root in frame.columns:
            for path, null in nothing.items():
                frame = frame.withColumn(root, F.col(root).withField(_within(root, path), null))
        else:
            nested = [null.alias(_within(root, path)) for path, null in nothing.items()]
            frame = frame.withColumn(root, F.struct(*nested))
    return frame


def _without(frame: DataFrame, original: DataFrame, absent: dict[str, str]) -> DataFrame:
    """Take away again what `_with_nulls` added: it is not sent."""
    for root, fields in _by_root(absent).items():
        if root in original.columns:
            frame = frame.withColumn(root, F.col(root).dropFields(*(_within(root, path) for path in fields)))
        else:
            frame = frame.drop(root)
    return frame


def _by_root(paths: dict[str, str]) -> dict[str, dict[str, str]]:
    grouped: dict[str, dict[str, str]] = {}
    for path, kind in paths.items():
        grouped.setdefault(path.split(".")[0], {})[path] = kind
    return grouped


def _within(root: str, path: str) -> str:
    return path.removeprefix(f"{root}.")
