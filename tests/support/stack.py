"""The embedded stack for tests: real servers on free ports, under a folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.config import Settings
from stack.embedded import EmbeddedStack


@contextmanager
def running_stack(data_dir: Path, *, with_livy: bool = True, spark_master: str = "local[2]") -> Iterator[EmbeddedStack]:
    """Run an embedded stack whose ``settings`` point at it and at nothing that the developer has set.

    Parameters
    ----------
    data_dir
        Where it keeps everything; a temporary folder.
    """
    settings = Settings(_env_file=None, data_dir=data_dir, spark_master=spark_master)  # type: ignore[call-arg]
    with EmbeddedStack(settings, kafka_port=0, livy_port=0, with_livy=with_livy) as stack:
        yield stack
