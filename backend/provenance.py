"""Where a file's alerts come from, as short texts that any format can keep."""

from __future__ import annotations

import json
from collections.abc import Mapping

from backend.receipt import Receipt

_IN_SUMMARY = {
    *("published", "messages", "repeated", "nights_used", "nights_missing", "gaps"),
    *("tns_catalogue", "schema_fingerprint", "note", "versions"),
}


def provenance(
    request: Mapping[str, object] | None = None, receipt: Receipt | None = None, fingerprint: str | None = None
) -> dict[str, str]:
    """What is known of a transfer: its request and the summary of its receipt as JSON, its schema's fingerprint."""
    notes = {"schema_fingerprint": fingerprint or ""}
    if request:
        notes["request"] = json.dumps(request)
    return {**notes, **receipt_note(receipt)}


def receipt_note(receipt: Receipt | None) -> dict[str, str]:
    """The summary of a receipt as JSON; nothing where there is none."""
    if receipt is None:
        return {}
    summary = receipt.model_dump(mode="json", include=_IN_SUMMARY)
    return {"receipt": json.dumps({**summary, "gaps": receipt.gaps})}
