"""The plan of a transfer: everything that the job must know, decided by the backend, as one JSON document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class ContentPlan:
    """What is sent of an alert.

    Attributes
    ----------
    columns
        (sent name, source path) of the columns sent first.
    others, without
        Whether every other root column follows, except these.
    """

    columns: tuple[tuple[str, str], ...] = ()
    others: bool = True
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class TransferPlan:
    """What to read, select, send, and where to.

    Attributes
    ----------
    nights
        The observing nights asked for, in order.
    finkclasses, tnsclasses
        Wanted values; an alert is selected when one of the two is among them. Both empty: all.
    conditions
        Checked and rendered Spark SQL predicates.
    region, sample
        Where the alerts must be, and which part of those that match is sent; None: everywhere, all. In the form of
        a request.
    limit
        At most this many alerts; None means all that match.
    schema_ddl
        The survey's columns and types, to which files of all years are aligned.
    tns_catalogue_uri
        CSV file that ``tnsclass`` comes from; None: it is Unknown for all.
    statistics_uri
        Folder in which the statistics job keeps what it knows of the archive's files; empty: none.
    kafka
        What each client of Kafka needs, in the words of Kafka's own: addresses, and how it gets in. Of a secret only
        where it is: ``${file:…}`` in it is replaced by the client itself, and is never looked at here.
    """

    topic: str
    survey: str
    archive_uri: str
    nights: tuple[date, ...]
    finkclasses: tuple[str, ...]
    tnsclasses: tuple[str, ...]
    conditions: tuple[str, ...]
    region: dict[str, Any] | None
    sample: dict[str, Any] | None
    content: ContentPlan
    limit: int | None
    schema_ddl: str
    tns_catalogue_uri: str | None
    statistics_uri: str
    kafka: dict[str, str]
    partitions: int
    max_message_bytes: int
    schema_copies: int
    request: dict[str, Any]

    @property
    def schema_topic(self) -> str:
        """The topic whose keys are the Avro schema."""
        return f"{self.topic}_schema"

    @property
    def receipt_topic(self) -> str:
        """The topic with the records about the transfer; the one with the key ``receipt`` ends it."""
        return f"{self.topic}_receipt"


def read_plan(text: str) -> TransferPlan:
    """Return the plan in a JSON document.

    Raises
    ------
    KeyError, ValueError
        When the document is not a plan: backend and job are of different versions.
    """
    plan = json.loads(text)
    kafka = plan["kafka"]
    return TransferPlan(
        topic=plan["topic"],
        survey=plan["survey"],
        archive_uri=plan["archive_uri"],
        nights=tuple(date.fromisoformat(night) for night in plan["nights"]),
        finkclasses=tuple(plan["finkclasses"]),
        tnsclasses=tuple(plan["tnsclasses"]),
        conditions=tuple(plan["conditions"]),
        region=plan["region"],
        sample=plan["sample"],
        content=read_content(plan["content"]),
        limit=plan["limit"],
        schema_ddl=plan["schema_ddl"],
        tns_catalogue_uri=plan["tns_catalogue_uri"],
        statistics_uri=plan["statistics_uri"],
        kafka={"bootstrap.servers": kafka["bootstrap_servers"], **kafka["options"]},
        partitions=kafka["partitions"],
        max_message_bytes=kafka["max_message_bytes"],
        schema_copies=plan["schema_copies"],
        request=plan["request"],
    )


def read_content(content: dict[str, Any]) -> ContentPlan:
    """Return the part of a plan that says what is sent."""
    return ContentPlan(
        columns=tuple((column["name"], column["source"]) for column in content["columns"]),
        others=content["others"],
        without=tuple(content["without"]),
    )
