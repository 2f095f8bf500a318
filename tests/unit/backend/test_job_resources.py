"""What Livy is told of a job's size and place, and what the settings may not say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from backend.config import Settings
from backend.errors import InvalidSettings, TransferFailed
from backend.job_resources import batch_fields, job_sizes
from backend.job_size import JobResources, JobSize
from backend.job_submission import submit_job
from backend.livy import LivyGateway
from backend.script_store import ScriptStore
from backend.settings_reading import read_settings
from tests.support.scripted_server import serving

CANARY = "hunter2"


def _submitted(folder: Path, answer: tuple[int, str], resources: JobResources | None = None, **said: Any) -> Any:
    """The body that Livy got."""
    settings = Settings(data_dir=folder, **said)
    with serving(lambda *_: answer) as server:
        livy = LivyGateway(f"http://127.0.0.1:{server.server_port}")
        scripts = ScriptStore(settings.script_store)
        submit_job(settings, livy, scripts, name="t", entry="transfer_alerts.py", plan_json="{}", resources=resources)
        return json.loads(server.bodies[0])


TAKEN = (201, '{"id": 1, "name": "t", "state": "starting"}')


def test_a_job_asks_in_the_words_of_yarn_and_of_a_standalone_cluster_at_once(tmp_path: Path) -> None:
    sizes = job_sizes(Settings(executors_small=2, executors_large=6, executor_cores=4, executor_memory="8G"))
    body = _submitted(tmp_path, TAKEN, sizes[JobSize.LARGE], driver_memory="3g")
    wanted = {"numExecutors": 6, "executorCores": 4, "executorMemory": "8g", "driverMemory": "3g"}
    assert {name: body[name] for name in wanted} == wanted
    assert body["conf"] == {"spark.cores.max": "24", "spark.dynamicAllocation.enabled": "false"}
    assert not {"queue", "proxyUser"} & set(body)


def test_a_job_of_no_size_is_small(tmp_path: Path) -> None:
    assert _submitted(tmp_path, TAKEN, executors_small=3)["numExecutors"] == 3


def test_where_and_as_whom_it_runs_is_passed_through(tmp_path: Path) -> None:
    body = _submitted(
        tmp_path,
        TAKEN,
        yarn_queue="alerts",
        proxy_user="ada",
        deploy_mode="cluster",
        spark_jars=("hdfs://nn:8020/jars/kafka.jar",),
        spark_conf={"spark.pyspark.python": "/opt/python3.11", "spark.dynamicAllocation.enabled": "true"},
    )
    assert (body["queue"], body["proxyUser"]) == ("alerts", "ada")
    assert body["jars"] == ["hdfs://nn:8020/jars/kafka.jar"]
    assert body["conf"]["spark.submit.deployMode"] == "cluster"
    assert body["conf"]["spark.pyspark.python"] == "/opt/python3.11"
    assert body["conf"]["spark.dynamicAllocation.enabled"] == "true"


def test_the_principal_is_passed_with_the_path_of_its_keytab() -> None:
    settings = Settings(kerberos_principal="ada@EXAMPLE.ORG", kerberos_keytab="/etc/ada.keytab")
    conf = batch_fields(settings, job_sizes(settings)[JobSize.SMALL])["conf"]
    assert conf["spark.kerberos.principal"] == "ada@EXAMPLE.ORG"
    assert conf["spark.kerberos.keytab"] == "/etc/ada.keytab"


@pytest.mark.parametrize(
    ("status", "said", "sentence"),
    [
        (403, "User 'quicklook' not allowed to impersonate 'Some(ada)'.", "unset PROXY_USER"),
        (400, "Rejected, Reason: Blacklisted configuration values in session config: spark.x", "out of SPARK_CONF"),
        (400, "Rejected, too many sessions are being created!", "try again in a minute"),
    ],
)
def test_what_livy_refuses_is_told_with_the_setting_that_mends_it(
    tmp_path: Path, status: int, said: str, sentence: str
) -> None:
    with pytest.raises(TransferFailed, match=sentence):
        _submitted(tmp_path, (status, json.dumps({"msg": said})), proxy_user="ada")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"executors_small": 9, "executors_large": 8}, r"EXECUTORS_LARGE \(8\) is less than EXECUTORS_SMALL \(9\)"),
        ({"executors_large": 1001}, "less than or equal to 1000"),
        ({"executor_cores": 0}, "greater than or equal to 1"),
        ({"executor_memory": "4 GB"}, "no amount of memory: write it like 512m or 4g"),
        ({"executor_memory": "100m"}, "not between 512m"),
        ({"driver_memory": "lots"}, "no amount of memory"),
        ({"deploy_mode": "yarn"}, "'client' or 'cluster'"),
        ({"kerberos_principal": "ada"}, "KERBEROS_PRINCIPAL and KERBEROS_KEYTAB need each other"),
        ({"kerberos_principal": "a", "kerberos_keytab": "/a", "proxy_user": "b"}, "PROXY_USER or KERBEROS_PRINCIPAL"),
        ({"spark_conf": {"executor.memory": "1g"}}, "those begin with spark."),
        ({"spark_conf": {"spark.executor.memory": "1g"}}, "a place of its own: EXECUTOR_MEMORY"),
        ({"spark_conf": {"spark.submit.deployMode": "client"}}, "a place of its own: DEPLOY_MODE"),
        ({"spark_conf": {"spark.ssl.keyPassword": CANARY}}, "spark.ssl.keyPassword could hold a secret"),
        ({"spark_conf": {"spark.hadoop.fs.s3a.secret.key": CANARY}}, "could hold a secret"),
        ({"spark_conf": {"spark.hadoop.fs.s3a.access.key": CANARY}}, "could hold a secret"),
        ({"spark_conf": {"spark.kafka.sasl.jaas.config": CANARY}}, "could hold a secret"),
        ({"archive_uri": f"s3a://key:{CANARY}@bucket/archive"}, "no password in it"),
        ({"spark_jars": ("/a.jar", f"https://ada:{CANARY}@nexus/b.jar")}, "no password in it"),
        ({"spark_conf": {"spark.driver.extraJavaOptions": "-javaagent:x"}}, "would run other code"),
        ({"spark_conf": {"spark.executor.defaultJavaOptions": "-javaagent:x"}}, "would run other code"),
        ({"spark_conf": {"spark.jars.packages": "a:b:1"}}, "would run other code"),
        ({"spark_conf": {"spark.submit.pyFiles": "x.py"}}, "would run other code"),
        ({"spark_conf": {"spark.plugins": "x"}}, "would run other code"),
        ({"spark_conf": {"spark.executor.extraClassPath": "/x"}}, "would run other code"),
        ({"spark_conf": {"spark.extraListeners": "x"}}, "would run other code"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence) as caught:
        Settings(**said)
    assert CANARY not in f"{caught.value} {caught.value!r}"


def test_what_is_wrong_with_the_settings_is_one_sentence_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXECUTOR_CORES", "0")
    monkeypatch.setenv("SPARK_CONF", json.dumps({"spark.ssl.keyPassword": CANARY}))
    with pytest.raises(InvalidSettings, match=r"EXECUTOR_CORES: .* SPARK_CONF: spark.ssl.keyPassword could") as caught:
        read_settings()
    monkeypatch.setenv("SPARK_CONF", f"{CANARY}=")
    with pytest.raises(InvalidSettings, match="SPARK_CONF is not written as JSON") as not_json:
        read_settings()
    assert CANARY not in f"{caught.value} {not_json.value}"


def test_further_settings_of_spark_come_from_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "SPARK_CONF",
        json.dumps(
            said := {
                "spark.pyspark.python": "/opt/python3.11",
                "spark.security.credentials.hive.enabled": "false",
            }
        ),
    )
    assert Settings().spark_conf == said
