"""Whether a disk has room, before it is needed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backend.disk_room import DiskRoom
from backend.errors import DiskFull


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A disk with 1 GB free."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2 * 10**9, 10**9, 10**9))
    return tmp_path


def test_room_for_what_comes_and_the_reserve_is_enough(disk: Path) -> None:
    DiskRoom(disk, reserve_bytes=10**8).require(9 * 10**8)
    with pytest.raises(DiskFull, match=r"1\.0 GB free, and 901 MB are needed beside a reserve of 100 MB"):
        DiskRoom(disk, reserve_bytes=10**8).require(901 * 10**6)


def test_what_becomes_larger_on_the_disk_needs_more(disk: Path) -> None:
    room = DiskRoom(disk, reserve_bytes=10**8, growth=3.0)
    room.require(3 * 10**8)
    with pytest.raises(DiskFull, match=r"1\.2 GB are needed"):
        room.require(4 * 10**8)
