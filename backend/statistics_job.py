"""The job that makes the statistics of an archive: submitted to Livy like a transfer, one at a time per archive."""

from __future__ import annotations

import json
from typing import Any

from backend.alert_schema import Origin, Survey, content_plan, survey
from backend.config import Settings
from backend.errors import TransferFailed
from backend.failure_reasons import known_reason, last_words
from backend.job_submission import submit_job
from backend.livy import Batch, LivyGateway
from backend.models import Content, Phase
from backend.script_store import ScriptStore

ENTRY = "archive_statistics.py"


def statistics_plan(
    survey_name: str,
    archive_uri: str,
    folder: str,
    *,
    sample_rows_per_night: int,
    tns_catalogue_uri: str | None = None,
    refresh: bool = False,
) -> dict[str, Any]:
    """What the statistics job is told, as JSON has it."""
    its_survey = survey(survey_name)
    return {
        "archive_uri": archive_uri,
        "statistics_uri": folder,
        "contents": {content: content_plan(its_survey, content).model_dump(mode="json") for content in Content},
        "schema_ddl": its_survey.ddl,
        "sample_columns": sample_columns(its_survey),
        "sample_rows_per_night": sample_rows_per_night,
        "tns_catalogue_uri": tns_catalogue_uri,
        "refresh": refresh,
    }


def sample_columns(survey: Survey) -> tuple[str, ...]:
    """Paths of the fields that hold one value each: all but history, stamps, lists, and what the job adds."""
    hidden = (survey.history, *survey.cutouts)
    return tuple(
        field.path
        for field in survey.fields.values()
        if field.root not in hidden
        and field.origin is not Origin.JOB
        and not field.type.startswith(("struct", "map", "array", "binary"))
    )


class StatisticsJob:
    """Starts and watches the statistics job of one archive.

    Parameters
    ----------
    settings, livy, scripts
        Settings and adapters.
    archive_uri, folder
        What to count, and the folder of its statistics.
    """

    def __init__(
        self, settings: Settings, livy: LivyGateway, scripts: ScriptStore, archive_uri: str, folder: str
    ) -> None:
        self._settings = settings
        self._livy = livy
        self._scripts = scripts
        self._archive_uri = archive_uri
        self._folder = folder
        self._name = f"archive_statistics_{folder.rsplit('/', 1)[-1]}"

    def start(self, survey_name: str, *, refresh: bool = False) -> Batch:
        """Start it, or return the one that runs already.

        Parameters
        ----------
        refresh
            Count all nights again, not only new ones.

        Raises
        ------
        ServiceUnavailable, TransferFailed
            Livy or the script store does not answer; Livy refuses.
        """
        earlier = self._livy.find(self._name)
        if earlier is not None:
            if not earlier.phase.is_final:
                return earlier
            self._livy.cancel(earlier.id, self._name)  # an ended batch keeps its name until it is forgotten
        plan = statistics_plan(
            survey_name,
            self._archive_uri,
            self._folder,
            sample_rows_per_night=self._settings.sample_rows_per_night,
            tns_catalogue_uri=self._settings.tns_catalogue_uri,
            refresh=refresh,
        )
        return submit_job(
            self._settings, self._livy, self._scripts, name=self._name, entry=ENTRY, plan_json=json.dumps(plan)
        )

    def phase(self) -> Phase | None:
        """What the job does now; None when Livy does not know one.

        Raises
        ------
        ServiceUnavailable
            Livy does not answer.
        """
        batch = self._livy.find(self._name)
        return None if batch is None else batch.phase

    def failure(self) -> TransferFailed:
        """Why it failed, with the end of its log."""
        batch = self._livy.find(self._name)
        found = self._livy.log(batch.id, self._name) if batch else None
        lines = found[0] if found else ()
        message = f"The statistics job failed: {last_words(lines)}"
        return TransferFailed(message, known_reason(lines), log_tail=tuple(lines[-20:]))
