"""The names of a transfer's topics in Kafka."""

from __future__ import annotations

import re

from backend.errors import InvalidRequest

SCHEMA_SUFFIX = "_schema"
RECEIPT_SUFFIX = "_receipt"
READABLE_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,241}")
"""Any topic that could have alerts, also of another tool; it is a folder's name too."""
_NAME = re.compile(r"ftransfer_[a-z0-9][a-z0-9_-]*")
_LONGEST_NAME = 249 - len(RECEIPT_SUFFIX)  # Kafka's own limit, for the longest of the three


def names_of(topic: str) -> tuple[str, str, str]:
    """The topics of a transfer: alerts, schema, receipt.

    Raises
    ------
    InvalidRequest
        The name cannot be a transfer's.
    """
    if not _NAME.fullmatch(topic) or len(topic) > _LONGEST_NAME or topic.endswith((SCHEMA_SUFFIX, RECEIPT_SUFFIX)):
        raise InvalidRequest(
            f"{topic[:300]!r} cannot be the topic of a transfer.",
            f"It begins with ftransfer_, has small letters, digits, - and _, at most {_LONGEST_NAME} in all.",
        )
    return topic, topic + SCHEMA_SUFFIX, topic + RECEIPT_SUFFIX
