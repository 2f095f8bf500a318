"""What a job asks the cluster for: executors by its size, and where and as whom it runs. Pure.

Nothing asks what kind of cluster it is. YARN goes by the number of executors, a standalone cluster by the most cores,
and Spark ignores what does not apply.
"""

from __future__ import annotations

from typing import Any

from backend.config import Settings
from backend.job_size import JobResources, JobSize


def job_sizes(settings: Settings) -> dict[JobSize, JobResources]:
    """Size -> what it asks for."""
    executors = {JobSize.SMALL: settings.executors_small, JobSize.LARGE: settings.executors_large}
    return {
        size: JobResources(
            executors=number, executor_cores=settings.executor_cores, executor_memory=settings.executor_memory
        )
        for size, number in executors.items()
    }


def batch_fields(settings: Settings, resources: JobResources) -> dict[str, Any]:
    """The fields of a Livy batch that say with what, where and as whom it runs."""
    fields = {
        "numExecutors": resources.executors,
        "executorCores": resources.executor_cores,
        "executorMemory": resources.executor_memory,
        "queue": settings.yarn_queue,
        "proxyUser": settings.proxy_user,
        "conf": _conf(settings, resources),
    }
    return {name: value for name, value in fields.items() if value}


def _conf(settings: Settings, resources: JobResources) -> dict[str, str]:
    ours = {
        "spark.cores.max": str(resources.cores),
        # What was asked for stays: an estimate of the time holds for a number of executors.
        "spark.dynamicAllocation.enabled": "false",
        "spark.submit.deployMode": settings.deploy_mode,
        "spark.kerberos.principal": settings.kerberos_principal,
        "spark.kerberos.keytab": settings.kerberos_keytab,
    }
    return {**{name: value for name, value in ours.items() if value}, **settings.spark_conf}
