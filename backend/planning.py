"""From what the user asked for to what the job does. Pure: nothing is created or contacted here."""

from __future__ import annotations

from datetime import UTC, date, datetime

from backend.alert_classes import wanted_classes
from backend.alert_schema import content_plan, survey
from backend.conditions import parse_conditions
from backend.errors import InvalidRequest
from backend.models import KafkaTarget, TransferPlan, TransferRequest


def plan_transfer(
    request: TransferRequest,
    *,
    topic: str,
    archive_uri: str,
    kafka: KafkaTarget,
    limit: int | None = None,
    tns_catalogue_uri: str | None = None,
    statistics_uri: str = "",
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

    Raises
    ------
    InvalidRequest
        Survey, nights, a class, a condition or the content is not valid; the message says which and why.
    """
    its_survey = survey(request.survey)
    nights = request.every_night()
    _check_nights(nights[0], nights[-1], its_survey.first_night)
    finkclasses, tnsclasses = wanted_classes(request.classes)
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
        request=request.model_dump(mode="json"),
    )


def _check_nights(first: date, last: date, first_archived: date) -> None:
    today = datetime.now(UTC).date()
    if first < first_archived:
        raise InvalidRequest(
            f"The first night, {first}, lies before the archive's first, {first_archived}.", "Choose a later one."
        )
    if last > today:
        raise InvalidRequest(f"The last night, {last}, has not come yet.", f"Choose nights up to today, {today}.")
