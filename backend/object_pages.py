"""Pages of others on an object. Names come from data: they are escaped where they become part of an address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

FINK_URL = "https://fink-portal.org"
TNS_OBJECT_URL = "https://www.wis-tns.org/object"
_TNS_NAME = re.compile(r"(?:(?:SN|AT|TDE|FRB|DISC)\s?)?(\d{4}(?:[A-Z]|[a-z]{1,4}))", re.ASCII)
"""``SN 2023ixf``, ``AT2018cow``, ``2024abc``; the archives of today hold types in ``tns``, others may hold names."""


def fink_url(object_id: str) -> str:
    """The page of Fink's portal on an object."""
    return f"{FINK_URL}/{quote(object_id, safe='')}"


def tns_url_by_name(values: Mapping[str, Any]) -> str | None:
    """The page of the Transient Name Server on the object that the alert names; None when it names none."""
    found = _TNS_NAME.fullmatch(str(values.get("tns") or "").strip())
    return f"{TNS_OBJECT_URL}/{quote(found[1], safe='')}" if found else None
