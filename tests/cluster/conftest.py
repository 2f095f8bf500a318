"""One cluster for all tests of this folder: HDFS, Spark workers, three brokers, Livy; under a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import fsspec
import pytest
from fsspec.implementations.webhdfs import WebHDFS

from backend.config import Settings
from simulator.archive import simulate_archive
from stack.cluster import ClusterStack
from tests.support.archives import SIMULATED_NIGHTS
from tests.support.processes import processes_of

ALERTS_PER_NIGHT = 150


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterStack]:
    """The cluster; the jars are fetched when they are missing. At the end nothing of it may be left."""
    data_dir = tmp_path_factory.mktemp("cluster")
    with ClusterStack(Settings(_env_file=None, data_dir=data_dir), any_ports=True) as running:  # type: ignore[call-arg]
        yield running
    assert processes_of(data_dir) == []


@pytest.fixture(scope="session")
def local_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of two nights on this machine."""
    folder = tmp_path_factory.mktemp("archives") / "two-nights"
    simulate_archive(folder, SIMULATED_NIGHTS, ALERTS_PER_NIGHT, 5)
    return folder


@pytest.fixture(scope="session")
def hdfs_archive(cluster: ClusterStack, local_archive: Path) -> str:
    """The address of the same archive on HDFS."""
    return cluster.share(local_archive)


def hdfs_as(cluster: ClusterStack, user: str) -> WebHDFS:
    """HDFS over WebHDFS, as one of its users."""
    address = urlsplit(cluster.name_node.web_url)
    return fsspec.filesystem("webhdfs", host=address.hostname, port=address.port, user=user)
