"""A topic that somebody wants to have: where it is, and how to learn what its job does."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from backend.job_elsewhere import FIRST_SIGN_S, JobElsewhere
from backend.kafka_access import KafkaAccess
from backend.models import Phase
from backend.receipt_topic import read_job_records


class TopicToRead(NamedTuple):
    """What a reader needs to know.

    Attributes
    ----------
    phase
        Tells what the job does now; raises `ServiceUnavailable` while it cannot.
    request
        What was asked for, JSON-ready; None where nobody here knows.
    receipt_deadline_s
        How long the receipt of a completed job may take to appear, in seconds.
    """

    kafka: KafkaAccess
    topic: str
    phase: Callable[[], Phase]
    request: dict[str, object] | None = None
    receipt_deadline_s: float = 10.0


def topic_elsewhere(kafka: KafkaAccess, topic: str, first_sign_s: float = FIRST_SIGN_S) -> TopicToRead:
    """A topic that nobody here has ordered: only its name, and what its job says on Kafka, are known.

    Parameters
    ----------
    first_sign_s
        How long to wait until the job has said anything, in seconds.
    """
    # The phase is what the receipt topic says: a receipt that is not there by then does not come.
    job = JobElsewhere(topic, lambda: read_job_records(kafka, topic), first_sign_s)
    return TopicToRead(kafka, topic, job.phase, receipt_deadline_s=0.0)
