"""What the job says of itself on the receipt topic: signs of life, its receipt. And what it is told there: to end."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import asdict, dataclass, replace
from types import TracebackType
from typing import Any, Self

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from spark_scripts.java import executors_of, reason
from spark_scripts.plan import TransferPlan
from spark_scripts.session import seconds_since_start
from spark_scripts.topic_client import TopicClient

RECEIPT, FAILURE, PROGRESS, OVERSIZE, CANCEL = "receipt", "failure", "progress", "oversize", "cancel"
"""Keys of the records: what was published; why that failed, in a sentence; how far it is; an alert that is too large
for a message; and, from the other side, that it shall end."""
INTERVAL_S = 2.0


class Cancelled(Exception):
    """Somebody wants the job to end."""


@dataclass(frozen=True)
class Progress:
    """How far the job is. ``nights`` and ``files`` are 0 until they are listed."""

    step: str = "planning"
    nights_done: int = 0
    nights: int = 0
    files_done: int = 0
    files: int = 0


class JobReport:
    """Tells every `INTERVAL_S` how far the job is, from a thread of its own, and looks whether it shall end.

    Livy may have forgotten the job, so that nobody could kill it: a record on its receipt topic ends it all the same.
    """

    def __init__(self, spark: SparkSession, plan: TransferPlan, client: TopicClient) -> None:
        self._spark, self._plan, self._client = spark, plan, client
        self._progress = Progress()
        self._files_under_way = self._most_files_done = 0
        self._ended = threading.Event()
        self._reading = threading.Lock()
        self._thread = threading.Thread(target=self._report, name="job-report", daemon=True)
        self._too_large: dict[int, int] = {}
        self.is_cancelled = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def note(self, *, files_under_way: int = 0, **changes: Any) -> None:
        """Note how far it is.

        Parameters
        ----------
        files_under_way
            Files that are being published now: of them as many are done as there are tasks that have ended.

        Raises
        ------
        Cancelled
            When the job shall end.
        """
        if self.is_cancelled:
            raise Cancelled
        self._progress, self._files_under_way = replace(self._progress, **changes), files_under_way

    def publish(self, key: str, record: dict[str, Any]) -> None:
        """Put a record on the receipt topic."""
        self._client.publish(self._plan.receipt_topic, key, json.dumps(record, separators=(",", ":"), default=str))

    def too_large(self) -> list[dict[str, int]]:
        """``candid`` and ``size_bytes`` of each alert so far that was too large for a message."""
        self._read()
        return [{"candid": candid, "size_bytes": size} for candid, size in sorted(self._too_large.items())]

    def _report(self) -> None:
        while not self._ended.wait(0 if self.is_cancelled else INTERVAL_S):
            try:
                self._read()
                if self.is_cancelled:
                    self._spark.sparkContext.cancelAllJobs()
                    self._ended.wait(INTERVAL_S / 10)
                else:
                    self.publish(PROGRESS, self._sign_of_life())
            except (
                Py4JError,
                TimeoutError,
            ) as error:  # Kafka is away for a moment; whether that ends the job is the publishing's matter
                print(f"How far the job is could not be told: {reason(error)}", file=sys.stderr)

    def _sign_of_life(self) -> dict[str, Any]:
        progress = self._progress
        files_done = progress.files_done + int(self._files_under_way * self._share_of_tasks())
        self._most_files_done = max(files_done, self._most_files_done)  # a pass that counts begins with no task done
        return {
            **asdict(progress),
            "files_done": self._most_files_done,
            "alerts": sum(each.end - each.begin for each in self._client.offsets(self._plan.topic)),
            "cores": executors_of(self._spark).cores,
            "elapsed_s": round(seconds_since_start(self._spark), 1),
        }

    def _share_of_tasks(self) -> float:
        """How much of the stage that is running has been done."""
        tracker = self._spark.sparkContext.statusTracker()
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        return max((each.numCompletedTasks / each.numTasks for each in stages if each and each.numTasks), default=0.0)

    def _read(self) -> None:
        with self._reading:
            for key, value in self._client.new_records(self._plan.receipt_topic):
                if key == CANCEL:
                    self.is_cancelled = True
                elif key == OVERSIZE:
                    alert = json.loads(value)
                    self._too_large[alert["candid"]] = alert["size_bytes"]
