"""The script store on real folders."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from backend.errors import InvalidRequest, ServiceUnavailable
from backend.script_store import ScriptStore

DAY_S = 86_400
ENTRY = "transfer_alerts.py"


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    package = tmp_path / "source" / "spark_scripts"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "transfer_alerts.py").write_text("from spark_scripts.words import WORD\nprint(WORD)\n")
    (package / "words.py").write_text("WORD = 'published'\n")
    (package / "inner" / "__init__.py").write_text("")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "words.cpython-311.pyc").write_bytes(b"left out")
    return package


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "shared" / "scripts"


@pytest.fixture
def store(root: Path) -> ScriptStore:
    return ScriptStore(root.as_uri())


def test_the_uploaded_script_runs_with_the_uploaded_package(store: ScriptStore, scripts: Path, tmp_path: Path) -> None:
    job = store.put_job(scripts, ENTRY)
    run = subprocess.run(
        [sys.executable, job.main],
        env={"PYTHONPATH": ":".join(job.py_files)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.stdout == "published\n", run.stderr


def test_the_zip_holds_the_modules_and_nothing_else(store: ScriptStore, scripts: Path) -> None:
    (package,) = store.put_job(scripts, ENTRY).py_files
    with zipfile.ZipFile(package) as archive:
        assert archive.namelist() == [
            "spark_scripts/__init__.py",
            "spark_scripts/inner/__init__.py",
            "spark_scripts/transfer_alerts.py",
            "spark_scripts/words.py",
        ]


def test_the_same_code_is_uploaded_once(store: ScriptStore, scripts: Path) -> None:
    first = store.put_job(scripts, ENTRY)
    written_at = Path(first.main).stat().st_mtime_ns
    for module in scripts.rglob("*.py"):
        os.utime(module, (0, 0))
    assert store.put_job(scripts, ENTRY) == first
    assert Path(first.main).stat().st_mtime_ns == written_at


def test_new_code_leaves_the_files_of_a_running_job_alone(store: ScriptStore, scripts: Path) -> None:
    before = store.put_job(scripts, ENTRY)
    package = Path(before.py_files[0]).read_bytes()
    (scripts / "words.py").write_text("WORD = 'other'\n")
    after = store.put_job(scripts, ENTRY)
    assert after.main != before.main
    assert Path(before.py_files[0]).read_bytes() == package


def test_versions_that_nobody_uses_are_removed_after_two_weeks(store: ScriptStore, scripts: Path) -> None:
    versions = []
    for word in ("old", "used lately", "new"):
        (scripts / "words.py").write_text(f"WORD = '{word}'\n")
        versions.append(Path(store.put_job(scripts, ENTRY).main).parent)
    for folder, days in zip(versions, (15, 13, 0), strict=True):
        used_at = time.time() - days * DAY_S
        for file in folder.iterdir():
            os.utime(file, (used_at - 100 * DAY_S, used_at - 100 * DAY_S))
        os.utime(folder / "last_used", (used_at, used_at))
    store.put_job(scripts, ENTRY)
    assert [folder.exists() for folder in versions] == [False, True, True]


def test_a_plan_is_written_replaced_and_removed(store: ScriptStore) -> None:
    plan = Path(store.put_plan("ftransfer_ztf_1", '{"a": 1}'))
    assert plan.read_text() == '{"a": 1}'
    assert store.put_plan("ftransfer_ztf_1", '{"a": 2}') == str(plan)
    assert plan.read_text() == '{"a": 2}'
    store.remove_plan("ftransfer_ztf_1")
    assert not plan.exists()
    store.remove_plan("ftransfer_ztf_1")


@pytest.mark.parametrize("name", ["../plan", "a/b", "", ".hidden", "ftransfer\n", "Großes"])
def test_a_plan_stays_in_its_folder(store: ScriptStore, name: str) -> None:
    with pytest.raises(InvalidRequest, match="name of a plan"):
        store.put_plan(name, "{}")
    with pytest.raises(InvalidRequest, match="name of a plan"):
        store.remove_plan(name)


def test_only_the_owner_can_read_what_is_stored(store: ScriptStore, scripts: Path, root: Path) -> None:
    store.put_job(scripts, ENTRY)
    store.put_plan("ftransfer_ztf_1", "{}")
    modes = {path: path.stat().st_mode & 0o777 for path in (root, *root.rglob("*"))}
    assert len(modes) > 5
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in modes.items()), modes


def test_a_reader_never_sees_half_a_plan(store: ScriptStore) -> None:
    plans = [f'"{letter}{letter * 2_000_000}"' for letter in "ab"]
    path = Path(store.put_plan("ftransfer_ztf_1", plans[0]))
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for plan in plans:
                store.put_plan("ftransfer_ztf_1", plan)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        seen = {path.read_text() for _ in range(200)}
    finally:
        stop.set()
        writer.join()
    assert seen <= set(plans)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name], "no unfinished file stays"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, scripts: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = ScriptStore((tmp_path / "file" / "scripts").as_uri())
    for act in (lambda: store.put_job(scripts, ENTRY), lambda: store.put_plan("ftransfer_x", "{}"), store.ping):
        with pytest.raises(ServiceUnavailable, match=str(tmp_path)) as caught:
            act()
        assert caught.value.service == "the script store"
        assert "SCRIPT_STORE_URI" in caught.value.hint


def test_the_rights_of_a_folder_that_was_there_stay(root: Path, store: ScriptStore) -> None:
    root.mkdir(parents=True)
    root.chmod(0o770)
    store.put_plan("ftransfer_x", "{}")
    assert root.stat().st_mode & 0o777 == 0o770


def test_what_a_job_put_in_the_place_of_a_plan_is_read_and_removed_with_its_checksum(tmp_path: Path) -> None:
    store = ScriptStore(tmp_path.as_uri())
    place = Path(store.put_plan("verify_x_answer", ""))
    place.write_text("{}")
    place.with_name(f".{place.name}.crc").write_bytes(b"crc")
    assert store.read_plan("verify_x_answer") == "{}"
    store.remove_plan("verify_x_answer")
    assert list(place.parent.iterdir()) == []
