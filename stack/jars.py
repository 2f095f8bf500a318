"""The cache of jars: what the lock names, downloaded once, verified, and kept."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from backend.errors import ServiceUnavailable
from stack.exclusive import exclusively
from stack.ivy import start_ivy
from stack.jar_lock import Lock, LockedJar, sha256_of
from stack.java import Java

DOWNLOADS_AT_ONCE = 6
ATTEMPTS = 2
STALLED_AFTER_S = 180
POLL_S = 0.25

Download = Callable[[Sequence[LockedJar], Java, Path, Callable[[int], None]], str]


class JarCache:
    """A folder of verified jars, shared by every stack of this checkout.

    A jar comes to its place only after its SHA-256 was found right. ``verified.json`` remembers size and time of
    change of each, so that a later start reads no jar again unless somebody touched it.

    Parameters
    ----------
    folder
        Where the jars lie, in the layout of ``Coordinates.path``.
    download
        Puts jars into sub-folders ``*/cache`` of a folder, in the same layout, and gives the registry's complaint.
    """

    def __init__(self, folder: Path, download: Download | None = None) -> None:
        self._folder = folder.absolute()
        self._fetch = download or download_with_ivy
        self._memory = self._folder / "verified.json"

    def path_of(self, jar: LockedJar) -> Path:
        """Where ``jar`` lies once it was provided."""
        return self._folder / jar.coordinates.path

    def provide(self, lock: Lock, java: Callable[[], Java], report: Callable[[str], None] = print) -> None:
        """Make every jar of ``lock`` present and verified; needs no network when they are.

        Parameters
        ----------
        java
            Gives the Java that runs Ivy; called only when something is missing.

        Raises
        ------
        ServiceUnavailable
            When a jar cannot be had or is not the one that the lock names; the message names it.
        """
        with exclusively(self._folder, lambda: report("jars: another start is fetching them; waiting for it")):
            missing = self._missing(lock.jars)
            total = len(lock.jars)
            if missing:
                self._download(missing, java(), lambda here: report(f"jars: {total - len(missing) + here} of {total}"))
            self._remember(lock.jars)

    def _missing(self, jars: Sequence[LockedJar]) -> list[LockedJar]:
        remembered = self._recall()
        return [jar for jar in jars if not self._is_verified(jar, remembered)]

    def _is_verified(self, jar: LockedJar, remembered: dict[str, list[object]]) -> bool:
        path = self.path_of(jar)
        if not path.is_file():
            return False
        return remembered.get(str(jar.coordinates)) == self._fingerprint(jar) or sha256_of(path) == jar.sha256

    def _fingerprint(self, jar: LockedJar) -> list[object]:
        status = self.path_of(jar).stat()
        return [jar.sha256, status.st_size, status.st_mtime_ns]

    def _recall(self) -> dict[str, list[object]]:
        try:
            remembered = json.loads(self._memory.read_text())
        except (OSError, ValueError):
            return {}
        return remembered if isinstance(remembered, dict) else {}

    def _remember(self, jars: Sequence[LockedJar]) -> None:
        before = self._recall()  # with the jars of other profiles, which this start does not ask for
        remembered = {**before, **{str(jar.coordinates): self._fingerprint(jar) for jar in jars}}
        if remembered != before:
            unfinished = self._memory.with_suffix(f".{os.getpid()}")
            unfinished.write_text(json.dumps(remembered, indent=0))
            unfinished.replace(self._memory)

    def _download(self, wanted: list[LockedJar], java: Java, report: Callable[[int], None]) -> None:
        staging = self._folder / ".partial"
        shutil.rmtree(staging, ignore_errors=True)
        problems: list[str] = []
        remaining = wanted
        for _ in range(ATTEMPTS):
            said = self._fetch(remaining, java, staging, partial(_report_more, report, len(wanted) - len(remaining)))
            problems, remaining = self._accept(remaining, staging)
            shutil.rmtree(staging, ignore_errors=True)
            if not remaining:
                return
        names = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        raise ServiceUnavailable(
            "the jar registry",
            f"{len(problems)} of {len(wanted)} jars could not be had: {names}. {said}".strip(),
            "Check the network and start again: what is there already is kept.",
        )

    def _accept(self, wanted: list[LockedJar], staging: Path) -> tuple[list[str], list[LockedJar]]:
        """Move what is right to its place; say what is wrong with the rest."""
        problems, rest = [], []
        for jar in wanted:
            found = next(iter(staging.glob(f"*/cache/{jar.coordinates.path}")), None)
            actual = sha256_of(found) if found else None
            if found and actual == jar.sha256:
                self.path_of(jar).parent.mkdir(parents=True, exist_ok=True)
                found.replace(self.path_of(jar))
                continue
            rest.append(jar)
            self.path_of(jar).unlink(missing_ok=True)
            wrong = f"has SHA-256 {actual}, the lock says {jar.sha256}" if actual else "was not downloaded"
            problems.append(f"{jar.coordinates} {wrong}")
        return problems, rest


def _report_more(report: Callable[[int], None], already: int, here: int) -> None:
    report(already + here)


def download_with_ivy(wanted: Sequence[LockedJar], java: Java, staging: Path, report: Callable[[int], None]) -> str:
    """Download with several processes side by side; give what the first failing one said, or nothing."""
    shares = [share for share in (wanted[n::DOWNLOADS_AT_ONCE] for n in range(DOWNLOADS_AT_ONCE)) if share]
    work_dirs = [staging / str(number) for number in range(len(shares))]
    running: list[subprocess.Popen[bytes]] = []
    try:
        for share, work_dir in zip(shares, work_dirs, strict=True):
            running.append(start_ivy(java, work_dir, [jar.coordinates for jar in share], transitive=False))
        _wait(running, staging, report)
    finally:
        for process in running:
            process.kill()
            process.wait()
    failed = [work_dir for process, work_dir in zip(running, work_dirs, strict=True) if process.returncode != 0]
    return _first_error((failed[0] / "ivy.log").read_text(errors="replace")) if failed else ""


def _wait(running: list[subprocess.Popen[bytes]], staging: Path, report: Callable[[int], None]) -> None:
    here, changed_at = -1, time.monotonic()
    while True:
        ended = all(process.poll() is not None for process in running)
        now_here = sum(1 for _ in staging.glob("*/cache/*/*/*/*.jar"))
        if now_here != here:
            here, changed_at = now_here, time.monotonic()
            report(here)
        if ended or time.monotonic() - changed_at > STALLED_AFTER_S:
            return
        time.sleep(POLL_S)


def _first_error(log: str) -> str:
    lines = [line.strip() for line in log.splitlines()]
    marks = ("Server access error", "SERVER ERROR", "Exception", "Error:", "not found")
    return next((f"Ivy said: {line[:300]}" for mark in marks for line in lines if mark in line), "")
