"""``pip install .`` where nothing else is: ``quicklook-fetch`` reads a real topic, without the repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from stack.embedded import EmbeddedStack
from stack.places import REPOSITORY
from tests.support.published_topic import PublishedTopic

pytestmark = pytest.mark.timeout(600)  # a fresh environment is some hundred megabytes

ALERTS = 2_000
LARGE = ("duckdb", "pandas", "streamlit", "pyspark", "livy", "sqlglot", "fsspec", "requests", "astropy")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with the built package and what it asks for."""
    folder = tmp_path_factory.mktemp("installed")
    wheels, environment = folder / "wheels", folder / "environment"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", wheels, REPOSITORY], check=True, timeout=200)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=100)
    (wheel,) = wheels.iterdir()
    python = environment / "bin" / "python"
    constraints = REPOSITORY / "constraints.txt"
    subprocess.run([*pip, "--python", python, "install", "-c", constraints, wheel], check=True, timeout=250)
    return environment / "bin"


def test_quicklook_fetch_reads_a_topic_with_its_own_packages(
    installed: Path, stack: EmbeddedStack, tmp_path: Path
) -> None:
    topic = PublishedTopic(stack.kafka_bootstrap_servers)
    topic.publish_schema()
    topic.publish(range(ALERTS))
    topic.publish_receipt(ALERTS)
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}

    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
        )

    fetching = (installed / "quicklook-fetch", topic.name, "--servers", topic.servers)
    done = run(*fetching, "--out", "alerts", "--partition-by", "finkclass")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{ALERTS:,} of {ALERTS:,} alerts read, complete." in done.stdout
    found = pd.read_parquet(tmp_path / "alerts")
    assert sorted(found["candid"]) == list(range(ALERTS))

    tables = run(*fetching, "--out", "tables", "--format", "fits")
    assert tables.returncode == 2, tables.stdout + tables.stderr
    assert "FITS needs the package astropy. pip install astropy" in tables.stderr

    look = f"import importlib.util as u, backend; print(backend.__file__, [n for n in {LARGE} if u.find_spec(n)])"
    assert run(installed / "python", "-c", look).stdout.split(" ", 1)[1].strip() == "[]"
    assert str(installed.parent) in run(installed / "python", "-c", look).stdout
    assert run(installed / "quicklook-fetch", "--help").returncode == 0
    topic.delete()
