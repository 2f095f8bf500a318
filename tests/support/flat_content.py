"""Real alerts as the content Lightcurve sends them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from backend.alert_decoder import AlertDecoder
from backend.alert_schema import content_plan, survey
from backend.models import Content
from tests.support.alert_records import REAL_TRANSFER, encoded, real_records


def real_table(real_alerts: Path) -> pa.Table:
    """The real transfer of full packets, decoded."""
    schema, records = real_records(real_alerts / REAL_TRANSFER)
    return AlertDecoder(json.dumps(schema)).decode(encoded(records, schema)).table


def light_content(real_alerts: Path) -> pa.Table:
    """The same alerts, with the columns of the content Lightcurve."""
    full = real_table(real_alerts)
    plan = content_plan(survey("ztf"), Content.LIGHTCURVE)
    columns = {}
    for column in plan.columns:
        root, _, field = column.source.partition(".")
        columns[column.name] = pc.struct_field(full[root], field) if field else full[root]
    left_out = {*columns, *plan.without, "year", "month", "day"}
    return pa.table({**columns, **{name: full[name] for name in full.column_names if name not in left_out}})
