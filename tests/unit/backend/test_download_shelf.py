"""Downloads on disk: one of a store at a time, at an address that only its owner knows, and gone in time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path, PosixPath

import pytest

from backend.download_shelf import DownloadShelf
from backend.errors import InvalidRequest, QuicklookError
from backend.models import Phase
from backend.prepared_download import PreparedDownload, Tell
from tests.support.waiting import wait_for

STORE, OTHER = Path("x/dashboard.duckdb"), Path("x/lena.duckdb")
KEEP = timedelta(hours=1)
LONG_AGO_S = 3600.0


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[DownloadShelf]:
    shelf = DownloadShelf(tmp_path / "downloads", KEEP)
    yield shelf
    shelf.close()


class SlowWriting:
    """Writes a row each time that it is let."""

    def __init__(self) -> None:
        self.go_on = threading.Semaphore(0)

    def __call__(self, folder: Path, tell: Tell) -> Path:
        file = folder / "alerts.csv"
        for row in range(3):
            self.go_on.acquire(timeout=10)
            file.write_text("row\n" * (row + 1))
            tell(row + 1)
        return file


def written(folder: Path, tell: Tell) -> Path:
    """A download of three rows."""
    file = folder / "alerts.csv"
    file.write_text("row\n" * 3)
    tell(3)
    return file


def prepared(
    shelf: DownloadShelf, wanted: str = "all", write: Callable[[Path, Tell], Path] = written
) -> PreparedDownload:
    """A download that has ended, one way or the other."""
    download = shelf.prepare(STORE, wanted, 3, 0, write)
    wait_for(lambda: download.progress.phase.is_final, 10)
    return download


def test_a_download_is_written_in_the_background_and_then_offered(shelf: DownloadShelf) -> None:
    writing = SlowWriting()
    download = shelf.prepare(STORE, "all", 3, 0, writing)
    assert shelf.of_store(STORE) == (download,)
    assert download.address is None
    writing.go_on.release()
    wait_for(lambda: download.progress.rows == 1, 10)
    assert download.progress.phase is Phase.EXECUTING
    writing.go_on.release(2)
    wait_for(lambda: download.progress.phase is Phase.COMPLETED, 10)
    assert download.progress.rows == 3
    assert download.progress.size_bytes == 12
    assert download.progress.expires_at is not None
    assert download.address is not None
    with shelf.sent(download.address) as file:
        assert file is not None
        assert file.read_text() == "row\n" * 3


def test_addresses_differ_and_are_too_long_to_guess(shelf: DownloadShelf) -> None:
    tokens = {str(prepared(shelf, wanted).address).split("/")[0] for wanted in ("a", "b", "c")}
    assert len(tokens) == 3
    assert min(map(len, tokens)) >= 43  # 256 bits


@pytest.mark.parametrize(
    "change", [str.upper, lambda address: address[1:], lambda address: f"{address}/", lambda _: ""]
)
def test_another_address_has_nothing(shelf: DownloadShelf, change: Callable[[str], str]) -> None:
    address = prepared(shelf).address
    assert address is not None
    with shelf.sent(change(address)) as file:
        assert file is None


def test_what_is_being_written_has_no_address(shelf: DownloadShelf) -> None:
    download = shelf.prepare(STORE, "all", 3, 0, SlowWriting())
    for address in ("", "/", f"{download.folder.name}/alerts.csv"):
        with shelf.sent(address) as file:
            assert file is None


def test_one_of_a_store_is_written_at_a_time(shelf: DownloadShelf) -> None:
    writing = SlowWriting()
    first = shelf.prepare(STORE, "all", 3, 0, writing)
    with pytest.raises(InvalidRequest, match="Another download of these alerts is being prepared"):
        shelf.prepare(STORE, "others", 3, 0, written)
    shelf.prepare(OTHER, "all", 3, 0, written)
    writing.go_on.release(3)
    wait_for(lambda: first.progress.phase.is_final, 10)
    assert prepared(shelf, "others").progress.phase is Phase.COMPLETED


def test_a_cancelled_download_leaves_nothing(shelf: DownloadShelf) -> None:
    writing = SlowWriting()
    download = shelf.prepare(STORE, "all", 3, 0, writing)
    shelf.discard(download)
    writing.go_on.release(3)
    wait_for(lambda: download.progress.phase is Phase.ABORTED, 10)
    assert not download.folder.exists()
    assert shelf.of_store(STORE) == ()


def test_a_download_that_is_cancelled_just_before_it_is_offered_leaves_nothing(shelf: DownloadShelf) -> None:
    is_written, go_on = threading.Event(), threading.Event()

    class Measured(PosixPath):
        """Its size is asked for when all is written and told."""

        def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
            is_written.set()
            assert go_on.wait(10)
            return super().stat(follow_symlinks=follow_symlinks)

    download = shelf.prepare(STORE, "all", 3, 0, lambda folder, tell: Measured(written(folder, tell)))
    assert is_written.wait(10)
    shelf.discard(download)
    go_on.set()
    wait_for(lambda: download.progress.phase.is_final, 10)
    assert download.progress.phase is Phase.ABORTED
    assert not download.folder.exists()
    assert shelf.of_store(STORE) == ()


def test_a_failure_is_said_and_leaves_nothing_on_the_disk(shelf: DownloadShelf) -> None:
    def fail(folder: Path, _tell: Tell) -> Path:
        (folder / "half").write_text("row")
        raise QuicklookError("The disk is full.", "Make room.")

    download = prepared(shelf, write=fail)
    assert download.progress.phase is Phase.ERROR
    assert download.progress.message == "The disk is full. Make room."
    assert not download.folder.exists()
    assert shelf.of_store(STORE) == (download,)
    again = prepared(shelf)
    assert shelf.of_store(STORE) == (again,)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_is_said_too(shelf: DownloadShelf) -> None:
    def fail(_folder: Path, _tell: Tell) -> Path:
        raise ZeroDivisionError

    download = prepared(shelf, write=fail)
    assert "defect" in download.progress.message
    assert not download.folder.exists()


def test_without_room_nothing_is_begun_and_both_sizes_are_said(shelf: DownloadShelf, tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(QuicklookError, match=r"takes up to [\d,.]+ [GT]B, and [\d,.]+ GB are free"):
        shelf.prepare(STORE, "all", 3, 10 * free, written)
    assert shelf.of_store(STORE) == ()


def test_the_same_again_replaces_the_earlier_one(shelf: DownloadShelf) -> None:
    earlier, other = prepared(shelf), prepared(shelf, "others")
    again = prepared(shelf)
    assert shelf.of_store(STORE) == (again, other)
    assert not earlier.folder.exists()


def test_a_download_expires_but_not_while_it_is_sent(tmp_path: Path) -> None:
    shelf = DownloadShelf(tmp_path / "downloads", timedelta(seconds=0.3))
    download = prepared(shelf)
    assert download.address is not None
    with shelf.sent(download.address) as file:
        assert file is not None
        wait_for(lambda: download.is_expired, 10)
        shelf.sweep()
        assert file.exists()
        with shelf.sent(download.address) as another:
            assert another is None
    shelf.sweep()
    assert not file.exists()
    assert shelf.of_store(STORE) == ()


def test_a_start_removes_what_a_killed_process_left_and_nothing_of_a_living_one(tmp_path: Path) -> None:
    program = (
        "import os, sys, time; from datetime import timedelta; from pathlib import Path;"
        "from backend.download_shelf import DownloadShelf;"
        "shelf = DownloadShelf(Path(sys.argv[1]), timedelta(hours=1));"
        "write = lambda folder, tell: (folder / 'a').write_text('x') and folder / 'a';"
        "made = shelf.prepare(Path('t'), 'all', 1, 0, write);"
        "[time.sleep(0.05) for _ in range(100) if not made.address];"
        "print(made.folder, flush=True); sys.stdin.read()"
    )
    folder = tmp_path / "downloads"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        left = Path(other.stdout.readline().strip())
        assert (left / "a").exists()
        _grow_old(left)
        DownloadShelf(folder, KEEP)
        assert (left / "a").exists()
        other.kill()
    DownloadShelf(folder, KEEP)
    assert not left.exists()


def test_a_folder_of_another_account_stays_and_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "downloads" / "theirs"
    theirs.mkdir(parents=True, mode=0o700)
    _grow_old(theirs)

    def exists(path: Path) -> bool:  # root, who may run this, may look everywhere
        if path.parent == theirs:
            raise PermissionError(13, "Permission denied", str(path))
        return os.path.lexists(path)

    monkeypatch.setattr(Path, "exists", exists)
    shelf = DownloadShelf(tmp_path / "downloads", KEEP)
    download = prepared(shelf)
    assert shelf.of_store(STORE) == (download,)
    assert theirs.is_dir()
    shelf.close()


def _grow_old(folder: Path) -> None:
    then = time.time() - LONG_AGO_S
    os.utime(folder, (then, then))
