"""A job's way to the cluster: its code and its plan into the script store, then a Livy batch that runs them."""

from __future__ import annotations

from backend.config import Settings
from backend.job_resources import batch_fields, job_sizes
from backend.job_size import JobResources, JobSize
from backend.livy import Batch, LivyGateway
from backend.script_store import JOB_FOLDER, ScriptStore


def submit_job(
    settings: Settings,
    livy: LivyGateway,
    scripts: ScriptStore,
    *,
    name: str,
    entry: str,
    plan_json: str,
    resources: JobResources | None = None,
) -> Batch:
    """Submit a job under a name of its own, which is also its plan's.

    Parameters
    ----------
    entry
        The script that the batch begins with.
    plan_json
        The script's only argument is the address of this text.
    resources
        What it asks the cluster for; None: what a small job does.

    Raises
    ------
    ServiceUnavailable, SubmissionUnknown, TransferFailed
        The script store or Livy does not answer; Livy refuses.
    """
    job = scripts.put_job(JOB_FOLDER, entry)
    return livy.submit(
        name,
        job.main,
        args=(scripts.put_plan(name, plan_json),),
        py_files=job.py_files,
        jars=settings.spark_jars,
        driver_memory=settings.driver_memory,
        fields=batch_fields(settings, resources or job_sizes(settings)[JobSize.SMALL]),
    )
