"""Light alerts as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pyarrow as pa

from backend.alert_decoder import AlertDecoder
from tests.support.alert_records import LIGHT_SCHEMA, encoded, light_alert


def light_table(candids: Iterable[int]) -> pa.Table:
    """One light alert for each candid."""
    return AlertDecoder(json.dumps(LIGHT_SCHEMA)).decode(encoded(light_alert(candid) for candid in candids)).table
