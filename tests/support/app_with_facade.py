"""The dashboard on a test's façade, to look at it: ``python -m tests.support.app_with_facade --server.port 8600``.

``NIGHTS`` and ``ALERTS_PER_NIGHT`` set the size of its simulated archive.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from streamlit.web import cli

from tests.support.archive_double import ArchiveDouble
from tests.support.facade import Facade
from tests.support.simulated_alerts import simulated_alerts
from views.components import session

ROOT = Path(__file__).resolve().parents[2]


def main(options: list[str]) -> None:
    """Serve it until interrupted; options are Streamlit's."""
    archive = simulated_alerts(int(os.environ.get("NIGHTS", "5")), int(os.environ.get("ALERTS_PER_NIGHT", "600")))
    folder = os.environ["DATA_DIR"] = tempfile.mkdtemp()
    facade = Facade(Path(folder), ArchiveDouble(archive), is_slow="SLOW" in os.environ)
    session.connect_transfers = lambda _settings: facade  # type: ignore[assignment,return-value]
    os.chdir(ROOT)
    sys.argv = ["streamlit", "run", "streamlit_app.py", *options]
    cli.main()


if __name__ == "__main__":
    main(sys.argv[1:])
