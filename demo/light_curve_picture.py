"""A picture of the best light curve among the alerts on disk."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.dataset as ds

from backend.light_curve import light_curve
from backend.shown_light_curve import shown_light_curve
from views.components.light_curve_chart import light_curve_chart

WIDTH_PX = 720


def save_light_curve(parquet_dir: Path, picture: Path) -> Path | None:
    """Draw the object with the most detections as a PNG.

    Returns
    -------
    Path or None
        The picture; None when there is no alert to draw.
    """
    alerts = ds.dataset(parquet_dir, format="parquet", partitioning="hive")
    wanted = [name for name in ("candidate", "prv_candidates", *_FLAT) if name in alerts.schema.names]
    object_id = _best_object(alerts)
    if object_id is None:
        return None
    rows = alerts.to_table(columns=wanted, filter=ds.field("objectId") == object_id).to_pylist()
    picture.parent.mkdir(parents=True, exist_ok=True)
    light_curve_chart(shown_light_curve(light_curve(rows)), object_id).properties(width=WIDTH_PX).save(picture, ppi=144)
    return picture


_FLAT = ("jd", "fid", "magpsf", "sigmapsf", "diffmaglim")


def _best_object(alerts: ds.Dataset) -> str | None:
    """The object with the most measurements: its alerts, or the longest history where the content has it."""
    lengths: Counter[str] = Counter()
    columns = ["objectId"] + (["prv_candidates"] if "prv_candidates" in alerts.schema.names else [])
    for batch in alerts.to_batches(columns=columns):
        histories = batch["prv_candidates"] if len(columns) > 1 else [None] * batch.num_rows
        for object_id, history in zip(batch["objectId"].to_pylist(), histories, strict=True):
            lengths[str(object_id)] += 1 + (len(history) if history is not None and history.is_valid else 0)
    return lengths.most_common(1)[0][0] if lengths else None
