"""What is known of the archive before a job runs: its nights, classes and sizes, and the estimate of a request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from backend.alert_classes import wanted_classes
from backend.alert_schema import content_plan, survey
from backend.archive_folder import absolute_uri
from backend.conditions import parse_conditions
from backend.config import Settings
from backend.errors import InvalidRequest, ServiceUnavailable
from backend.estimate import counts_by_label, estimate, mean_sizes
from backend.livy import Batch, LivyGateway
from backend.models import ArchiveNights, Content, Estimate, Phase, TransferRequest
from backend.script_store import ScriptStore
from backend.statistics import Statistics, statistics_folder
from backend.statistics_job import StatisticsJob

SURVEY = "ztf"


class ArchiveFacts:
    """The statistics of the archive that the settings name, and the job that makes them.

    Parameters
    ----------
    settings, livy, scripts
        Settings and adapters.
    """

    def __init__(self, settings: Settings, livy: LivyGateway, scripts: ScriptStore) -> None:
        self._archive_uri = absolute_uri(settings.archive_uri) if settings.archive_uri else None
        self.folder = statistics_folder(settings.statistics_store, self._archive_uri or "")
        """Where the statistics of this archive are."""
        self._statistics = Statistics(self.folder)
        self._job = StatisticsJob(settings, livy, scripts, self._archive_uri or "", self.folder)

    def nights(self) -> ArchiveNights:
        """The nights with data; empty until the statistics job has run."""
        return self._statistics.nights()

    def class_counts(self, nights: Sequence[date]) -> dict[str, int]:
        """Label as a user chooses it -> alerts of these nights, the most frequent first."""
        return counts_by_label(self._statistics.counts(nights))

    def content_sizes(self, nights: Sequence[date]) -> dict[Content, float]:
        """Mean bytes of an alert of these nights, in each content; empty where nothing is known."""
        return mean_sizes(self._statistics.counts(nights))

    def estimate(self, request: TransferRequest) -> Estimate:
        """What the request would bring.

        Raises
        ------
        InvalidRequest
            A class, a condition or the content is not valid.
        """
        its_survey, nights = survey(request.survey), request.every_night()
        wanted = wanted_classes(request.classes)
        conditions = parse_conditions(request.conditions, its_survey)
        content_plan(its_survey, request.content)
        return estimate(
            self._statistics.counts(nights),
            nights,
            self.nights(),
            wanted,
            request.content,
            has_conditions=bool(conditions),
        )

    def start_job(self, *, refresh: bool = False) -> Batch:
        """Have the statistics of new nights made (with ``refresh``, of all), unless a job does that already.

        Raises
        ------
        InvalidRequest
            No archive is set.
        ServiceUnavailable, TransferFailed
            Livy or the script store does not answer; Livy refuses.
        """
        if self._archive_uri is None:
            raise InvalidRequest("No archive is set.", "Set ARCHIVE_URI to the folder with year=/month=/day= in it.")
        return self._job.start(SURVEY, refresh=refresh)

    def job_phase(self) -> Phase | None:
        """What the statistics job does; None when Livy knows of none.

        Raises
        ------
        ServiceUnavailable
            Livy does not answer.
        TransferFailed
            It failed; the message says how.
        """
        phase = self._job.phase()
        if phase is Phase.ERROR:
            raise self._job.failure()
        if phase is Phase.COMPLETED:
            self._statistics.look_again()
        return phase

    def state(self) -> str:
        """One sentence on what the statistics cover and whether they are being made."""
        known = self.nights()
        covered = f"Statistics of {len(known.nights):,} nights" if known.is_known else "There are no statistics yet"
        made = f", made {known.updated_at:%Y-%m-%d %H:%M} UTC" if known.updated_at else ""
        try:
            phase = self._job.phase()
        except ServiceUnavailable:
            phase = None
        doing = {Phase.ERROR: " The last job that made them failed.", None: ""}.get(phase, "")
        running = phase in (Phase.QUEUED, Phase.EXECUTING)
        return f"{covered}{made}." + (" They are being made now." if running else doing)
