"""Start the servers, the archive, its statistics and the dashboard; Ctrl-C stops them all."""

from __future__ import annotations

import argparse
import functools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from backend.config import Settings
from backend.errors import QuicklookError
from backend.models import Phase
from backend.transfers import Transfers
from launcher.dashboard import running_dashboard
from simulator.archive import InvalidSimulation, Progress
from simulator.small_sky import NIGHTS, provide_small_sky
from simulator.truth import catalogue_file
from stack.foreground import Report, run_in_foreground
from stack.processes import choose_port
from stack.profiles import PROFILES, add_profile_argument
from stack.server_stack import ServerStack
from stack.servers import Server
from stack.services import provided_services

PORT = 8501
POLL_S = 0.5
NIGHTS_A_LINE = 5
RESTART_PAUSE_S = 30.0
"""From one start of a server that has ended by itself to the next."""


def main(port: int, profile: str, report: Report) -> int:
    """Run until stopped, or until the dashboard ends by itself."""
    with provided_services(report, PROFILES[profile]) as (settings, stack):
        settings = _with_archive(settings, stack, report)
        of_archive = _archive_settings(settings)
        if stack:
            stack.announce(**of_archive)
        environment = {name.upper(): value for name, value in of_archive.items()}
        environment["DATA_DIR"] = str(settings.data_dir.absolute())
        chosen = choose_port(port)
        log_file = settings.data_dir / "dashboard.log"
        report(f"dashboard: starting (log: {log_file})")
        with running_dashboard(chosen, environment, log_file) as dashboard:
            report(f"ready: http://127.0.0.1:{chosen}" + ("" if chosen == port else f" (port {port} is taken)"))
            report("Ctrl-C stops everything.")
            transfers = Transfers.connect(settings)
            return _watch(dashboard, stack, lambda: _statistics_steps(transfers, report), report)


def _archive_settings(settings: Settings) -> dict[str, str]:
    """What the dashboard, and commands beside it, must be told beside the servers' addresses."""
    told = {"archive_uri": settings.archive_uri, "tns_catalogue_uri": settings.tns_catalogue_uri}
    return {name: value for name, value in told.items() if value}


def _with_archive(settings: Settings, stack: ServerStack | None, report: Report) -> Settings:
    if settings.archive_uri:
        report(f"archive: {settings.archive_uri}")
        return settings
    report(f"archive: simulating {len(NIGHTS)} nights of a small sky (set ARCHIVE_URI for your own)")

    def tell(progress: Progress) -> None:
        if progress.nights_done % NIGHTS_A_LINE == 0 or progress.nights_done == progress.nights:
            report(f"archive: {progress.nights_done} of {progress.nights} nights, {progress.alerts_done:,} alerts")

    try:
        archive = provide_small_sky(settings.data_dir, tell)
    except InvalidSimulation as error:
        raise QuicklookError(str(error)) from error
    archive_uri = stack.share(archive) if stack else str(archive.absolute())
    catalogue = settings.tns_catalogue_uri or f"{archive_uri}/{catalogue_file(archive).relative_to(archive)}"
    return settings.model_copy(update={"archive_uri": archive_uri, "tns_catalogue_uri": catalogue})


def _statistics_steps(transfers: Transfers, report: Report) -> Iterator[None]:
    """Have new nights counted, a look at each step; the dashboard works meanwhile, only without an estimate."""
    try:
        transfers.archive.start_statistics()
        report("statistics: counting new nights, for the estimates")
        while transfers.archive.statistics_phase() in (Phase.QUEUED, Phase.EXECUTING):
            yield
        report(f"statistics: {transfers.archive.statistics_state()}")
    except QuicklookError as error:
        report(f"statistics: {error}")


def _watch(
    dashboard: subprocess.Popen[bytes], stack: ServerStack | None, count: Callable[[], Iterator[None]], report: Report
) -> int:
    """Keep the servers running while the dashboard runs; it shows what is stored without them, too."""
    not_before: dict[str, float] = {}
    counting = count()
    while dashboard.poll() is None:
        for name, server in (stack.servers if stack else {}).items():
            if not server.is_running and time.monotonic() >= not_before.get(name, 0.0):
                not_before[name] = time.monotonic() + RESTART_PAUSE_S
                _start_again(name, server, report)
                counting = count()  # the job that counted may have ended with Livy; nights that are done stay done
        next(counting, None)
        time.sleep(POLL_S)
    raise QuicklookError("The dashboard has ended by itself.", "Its log is dashboard.log in DATA_DIR.")


def _start_again(name: str, server: Server, report: Report) -> None:
    report(f"{name} has ended (log: {server.log_file}); starting it again")
    try:
        server.start()
        server.wait_until_ready()
        report(f"{name} answers again")
    except QuicklookError as error:
        report(f"{error} The next try is in {RESTART_PAUSE_S:g} s.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help="of the dashboard; if it is taken, a free one is chosen")
    add_profile_argument(parser)
    chosen = parser.parse_args()
    sys.exit(run_in_foreground(functools.partial(main, chosen.port, chosen.profile)))
