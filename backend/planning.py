"""From what the user asked for to what the job does. Pure: nothing is created or contacted here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime

from backend.alert_classes import wanted_classes
from backend.alert_schema import content_plan, survey
from backend.conditions import parse_conditions
from backend.errors import InvalidRequest
from backend.job_size import JobResources
from backend.models import ArchiveNights, KafkaTarget, TransferPlan, TransferRequest

NOTHING_KNOWN = ArchiveNights()


def plan_transfer(
    request: TransferRequest,
    *,
    topic: str,
    archive_uri: str,
    kafka: KafkaTarget,
    limit: int | None = None,
    tns_catalogue_uri: str | None = None,
    statistics_uri: str = "",
    resources: JobResources | None = None,
    known: ArchiveNights = NOTHING_KNOWN,
    tns_labels: Collection[str] = (),
) -> TransferPlan:
    """Check the whole request and turn it into the job's plan.

    Parameters
    ----------
    topic
        Name of the topic that the alerts will be on.
    limit
        At most this many alerts (a test job); None for all that match.
    tns_catalogue_uri, statistics_uri
        The file that ``tnsclass`` comes from, and the folder of the archive's statistics, if there are.
    resources
        What the job asks the cluster for.
    known, tns_labels
        The nights with data and the TNS labels that the statistics know.

    Raises
    ------
    InvalidRequest
        Survey, nights, a class, a condition or the content is not valid; the message says which and why.
    """
    its_survey = survey(request.survey)
    nights = request.every_night()
    _check_nights(nights, its_survey.first_night, known)
    finkclasses, tnsclasses = wanted_classes(request.classes, tns_labels)
    conditions = parse_conditions(request.conditions, its_survey)
    return TransferPlan(
        topic=topic,
        survey=its_survey.name,
        archive_uri=archive_uri,
        nights=nights,
        finkclasses=finkclasses,
        tnsclasses=tnsclasses,
        conditions=tuple(condition.spark_sql for condition in conditions),
        region=request.region,
        sample=request.sample,
        content=content_plan(its_survey, request.content),
        limit=limit,
        schema_ddl=its_survey.ddl,
        tns_catalogue_uri=tns_catalogue_uri,
        statistics_uri=statistics_uri,
        kafka=kafka,
        resources=resources,
        request=request.model_dump(mode="json"),
    )


def _check_nights(nights: Sequence[date], first_archived: date, known: ArchiveNights) -> None:
    today, first, last = datetime.now(UTC).date(), nights[0], nights[-1]
    if first < first_archived:
        raise InvalidRequest(
            f"The first night, {first}, lies before the archive's first, {first_archived}.", "Choose a later one."
        )
    if last > today:
        raise InvalidRequest(f"The last night, {last}, has not come yet.", f"Choose nights up to today, {today}.")
    # A night after the last counted one may have data that nobody has counted yet.
    if known.nights and last <= known.nights[-1] and not set(known.nights).intersection(nights):
        raise InvalidRequest(
            f"The archive has no data in the {len(nights)} nights asked for."
            if len(nights) > 1
            else f"The archive has no data of the night {first}.",
            f"It has {len(known.nights):,} nights with data from {known.nights[0]} to {known.nights[-1]}.",
        )
