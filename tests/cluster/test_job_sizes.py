"""The size of a job on a cluster: it gets what it asks for, and the time is told from what past ones had."""

from __future__ import annotations

import time
from pathlib import Path

from backend.expected_time import Bound
from backend.job_progress import progress_text
from backend.job_size import JobSize
from backend.models import Phase, TransferRequest
from backend.nights import NightRange
from backend.transfers import Transfers
from stack.cluster import ClusterStack
from tests.cluster.conftest import ALERTS_PER_NIGHT
from tests.support.archives import SIMULATED_NIGHTS
from tests.support.transfers import ENDED_WITHIN_S, LOOK_S, ended, receipt_of, settings_on

ALERTS = ALERTS_PER_NIGHT * len(SIMULATED_NIGHTS)
ONE_NIGHT = TransferRequest(nights=(NightRange(start=SIMULATED_NIGHTS[0], stop=SIMULATED_NIGHTS[0]),))


def test_a_large_job_has_more_executors_than_a_small_one(
    cluster: ClusterStack, hdfs_archive: str, tmp_path: Path
) -> None:
    settings = settings_on(
        cluster, tmp_path, hdfs_archive, executors_small=1, executors_large=3, executor_memory="512m"
    )
    transfers = Transfers.connect(settings)
    nights = (NightRange(start=SIMULATED_NIGHTS[0], stop=SIMULATED_NIGHTS[-1]),)
    request = TransferRequest(nights=nights)
    for size, executors in ((JobSize.SMALL, 1), (JobSize.LARGE, 3)):
        asked = request.model_copy(update={"job_size": size})
        receipt = receipt_of(ended(transfers, transfers.submit(asked).id))
        assert (receipt.published, receipt.executors, receipt.cores) == (ALERTS, executors, executors)
        bounds = {size: expected.bound for size, expected in transfers.expected_times(request, ALERTS).items()}
        large = Bound.AT_BEST if size is JobSize.SMALL else Bound.ABOUT
        assert bounds == {JobSize.SMALL: Bound.ABOUT, JobSize.LARGE: large}


def test_what_the_cluster_cannot_run_is_told_with_the_setting_that_mends_it(
    cluster: ClusterStack, hdfs_archive: str, tmp_path: Path
) -> None:
    transfers = Transfers.connect(settings_on(cluster, tmp_path, hdfs_archive, spark_jars=()))
    failed = ended(transfers, transfers.submit(ONE_NIGHT, is_test=True).id)
    assert failed.phase is Phase.ERROR
    assert "check SPARK_JARS" in failed.message


def test_a_job_whose_executors_fit_nowhere_says_that_it_waits_and_can_be_cancelled(
    cluster: ClusterStack, hdfs_archive: str, tmp_path: Path
) -> None:
    transfers = Transfers.connect(settings_on(cluster, tmp_path, hdfs_archive, executor_memory="512g"))
    waiting = transfers.submit(ONE_NIGHT, is_test=True)
    deadline = time.monotonic() + ENDED_WITHIN_S
    while (running := transfers.progress_of(transfers.get(waiting.id))) is None:
        assert time.monotonic() < deadline, transfers.log_lines(waiting.id)
        time.sleep(LOOK_S)
    assert progress_text(running) == "Waiting until the cluster gives the job executors"
    assert transfers.cancel(waiting.id).phase is Phase.ABORTED
