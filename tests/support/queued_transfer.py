"""A transfer as it is when it has just been submitted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from backend.models import ContentPlan, KafkaTarget, Transfer, TransferPlan, TransferRequest
from backend.nights import NightRange

SUBMITTED_AT = datetime(2026, 3, 22, 12, 0, tzinfo=UTC)


def queued_transfer(number: int = 1, user: str = "ada") -> Transfer:
    """The transfer with the id ``t0001``, or that of another number."""
    topic = f"ftransfer_ztf_2026-03-22_{number:04d}"
    night = date(2026, 3, 21)
    return Transfer(
        id=f"t{number:04d}",
        topic=topic,
        user=user,
        request=TransferRequest(nights=NightRange(start=night, stop=night), conditions="candidate.magpsf > 19;"),
        plan=TransferPlan(
            topic=topic,
            survey="ztf",
            archive_uri="file:///archive",
            nights=(night,),
            content=ContentPlan(name="lightcurve"),
            kafka=KafkaTarget(bootstrap_servers="localhost:9092"),
        ),
        submitted_at=SUBMITTED_AT,
        expires_at=SUBMITTED_AT + timedelta(days=4),
    )
