"""What is known of the archive before a job runs: its nights, classes and sizes, and the estimate of a request."""

from __future__ import annotations

from pathlib import Path

from backend.archive_estimates import ArchiveEstimates
from backend.archive_folder import absolute_uri
from backend.config import Settings
from backend.errors import InvalidRequest, ServiceUnavailable
from backend.livy import Batch, LivyGateway
from backend.models import Phase
from backend.script_store import ScriptStore
from backend.shared_files import SharedFiles
from backend.statistics import statistics_folder
from backend.statistics_job import StatisticsJob

SURVEY = "ztf"


TRUTH_FOLDER = "_truth"


class ArchiveFacts(ArchiveEstimates):
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
        super().__init__(self.folder, SURVEY, settings.data_dir / "cache" / "sample", SharedFiles.of(settings))
        self._job = StatisticsJob(settings, livy, scripts, self._archive_uri or "", self.folder)

    @property
    def is_simulated(self) -> bool:
        """Whether it is the simulator's sky, which has the truth beside its alerts."""
        uri = self._archive_uri
        return uri is not None and "://" not in uri and Path(uri, TRUTH_FOLDER).is_dir()

    def start_statistics(self, *, everything: bool = False) -> Batch:
        """Have the statistics of new nights made (with `everything`, of all), unless a job does that already.

        Raises
        ------
        InvalidRequest
            No archive is set.
        ServiceUnavailable, TransferFailed
            Livy or the script store does not answer; Livy refuses.
        """
        if self._archive_uri is None:
            raise InvalidRequest("No archive is set.", "Set ARCHIVE_URI to the folder with year=/month=/day= in it.")
        return self._job.start(SURVEY, refresh=everything)

    def statistics_phase(self) -> Phase | None:
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
            self.look_again()
        return phase

    def statistics_state(self) -> str:
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
