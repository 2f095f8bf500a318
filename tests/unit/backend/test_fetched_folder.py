"""The folder of a fetch: whole files, each alert once, whatever happens in between."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from backend import durable_files
from backend.alert_decoder import AlertDecoder
from backend.alert_formats import AlertFormat
from backend.alert_sink import ReadCounts
from backend.errors import CorruptAlert, InvalidRequest, QuicklookError, StoreInUse
from backend.fetch import Wanted, already_fetched
from backend.fetch_segment import FetchSegment
from backend.fetch_state import COMPLETE_FOLDER, STATE_FILE, read_state
from backend.fetched_folder import FetchedFolder
from backend.hive_partitions import PartitionBy
from backend.raw_batch import TrimmedRange
from tests.support.alert_records import LIGHT_SCHEMA, encoded, light_alert

TOPIC = "ftransfer_ztf_x"
DECODER = AlertDecoder(json.dumps(LIGHT_SCHEMA))
BATCHES = ([1, 2, 3, 3], [4, 5], [2, 6, 7], [8], [9, 10, 1])
"""What a topic gives, with repeated messages, in batches; all of one partition."""
ALL = list(range(1, 11))


NEWER = '{"version": 2, "topic": "ftransfer_ztf_x", "file_format": "parquet", "partition_by": null}'


class Crash(BaseException):
    """The end of the process."""


def alerts(candids: Sequence[int]) -> pa.Table:
    return DECODER.decode(encoded(light_alert(candid) for candid in candids)).table


def prepare(folder: FetchedFolder, decoder: AlertDecoder = DECODER) -> None:
    folder.prepare(TOPIC, decoder.schema_text, decoder.fingerprint, decoder.schema)


def opened(path: Path, partition_by: PartitionBy | None = None, segment_messages: int = 4) -> FetchedFolder:
    return FetchedFolder(path, TOPIC, partition_by=partition_by, segment_messages=segment_messages)


def read_on(folder: FetchedFolder) -> None:
    """Append what comes after the folder's offset, as a reader does."""
    prepare(folder)
    messages = [candid for batch in BATCHES for candid in batch]
    begin = folder.offsets().get(0, 0)
    end = 0
    for batch in BATCHES:
        end += len(batch)
        if end > begin:
            coming = messages[max(begin, end - len(batch)) : end]
            folder.append(alerts(coming), {0: end})
    folder.conclude(True, "10 of 10, complete.", 10)


def files_in(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*.parquet") if not any(part[0] == "." for part in file.parts))


def candids(path: Path) -> list[int]:
    """What a reader of the folder finds, the files one by one: a half one would not open."""
    return sorted(
        candid for file in files_in(path) for candid in pq.read_table(file, partitioning=None)["candid"].to_pylist()
    )


def hidden(path: Path) -> set[str]:
    return {entry.name for entry in path.iterdir() if entry.name[0] in "._"}


def test_all_alerts_are_there_once_and_only_what_is_needed_is_left(tmp_path: Path) -> None:
    with opened(tmp_path / "out") as folder:
        read_on(folder)
        assert folder.counts == ReadCounts(messages=13, distinct=10, duplicates=3)
    assert candids(tmp_path / "out") == ALL
    assert hidden(tmp_path / "out") == {COMPLETE_FOLDER, ".quicklook-lock"}
    assert len(pl.scan_parquet(tmp_path / "out").collect()) == 10, "a reader of folders stops at nothing of ours"
    state = read_state(tmp_path / "out")
    assert state is not None
    assert (state.complete, state.distinct, state.published, state.files) == (True, 10, 10, 3)
    assert state.size_bytes == sum(file.stat().st_size for file in files_in(tmp_path / "out"))


def test_names_and_metadata_say_which_messages_are_in_a_file(tmp_path: Path) -> None:
    notes = {"request": '{"survey": "ztf"}'}
    with FetchedFolder(tmp_path, TOPIC, notes=notes, segment_messages=3) as folder:
        prepare(folder)
        folder.append(alerts([1, 2, 3]), {0: 2, 4: 1})
        folder.append(alerts([4]), {0: 3, 4: 1})
        folder.append(alerts([]), {0: 3, 4: 2}, [CorruptAlert(TOPIC, 4, 1, "it is empty")])
        folder.commit()
    first, second = files_in(tmp_path)
    assert [first.name, second.name] == [
        "alerts-000000000000-000000000002.parquet",
        "alerts-000000000003-000000000004.parquet",
    ]
    said = [pq.read_schema(file).metadata for file in (first, second)]
    ranges = [pq.read_metadata(file).metadata[b"alert_quicklook.offsets"] for file in (first, second)]
    assert [json.loads(each) for each in ranges] == [{"0": [0, 2], "4": [0, 1]}, {"0": [2, 3], "4": [1, 2]}]
    assert said[0][b"alert_quicklook.topic"] == TOPIC.encode()
    assert said[0][b"alert_quicklook.request"] == notes["request"].encode()
    assert said[0][b"alert_quicklook.schema_fingerprint"] == DECODER.fingerprint.encode()


@pytest.mark.parametrize("partition_by", ["time", "finkclass", "tnsclass"])
def test_partitions_give_back_all_rows(tmp_path: Path, partition_by: PartitionBy) -> None:
    with opened(tmp_path / "out", partition_by, segment_messages=1_000) as folder:
        prepare(folder)
        for start in range(0, 3_000, 500):
            folder.append(alerts(range(start, start + 500)), {0: start + 500})
        folder.conclude(True, "3,000 of 3,000, complete.", 3_000)
    found = pd.read_parquet(tmp_path / "out").sort_values("candid", ignore_index=True)
    assert found["candid"].tolist() == list(range(3_000))
    assert partition_by == "time" or found[partition_by].astype(str).tolist() == [
        light_alert(candid)[partition_by] for candid in range(3_000)
    ]


@pytest.fixture
def crash_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Let the process end before its n-th step on the disk: before what is written is flushed, before it is renamed."""
    steps = {"left": -1}

    def ending(step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            if steps["left"] == 0:
                raise Crash
            steps["left"] -= 1
            return step(*arguments, **named)

        return run

    monkeypatch.setattr(durable_files.os, "fsync", ending(durable_files.os.fsync))
    monkeypatch.setattr(Path, "replace", ending(Path.replace))
    monkeypatch.setattr("shutil.rmtree", ending(shutil.rmtree))
    return lambda step: steps.update(left=step)


def leave(folder: FetchedFolder) -> None:
    """Nothing is cleaned up when a process dies; only its lock is gone."""
    folder._journal._lock.close()


@pytest.mark.parametrize("partition_by", [None, "finkclass"])
def test_after_a_crash_at_any_step_nothing_is_lost_and_nothing_twice(
    tmp_path: Path, crash_at: Callable[[int], None], partition_by: PartitionBy | None
) -> None:
    step, crashes = 0, 0
    while True:
        out = tmp_path / str(step)
        folder = opened(out, partition_by)
        crash_at(step)
        try:
            with_crash = folder.__enter__()
            read_on(with_crash)
        except Crash:
            crashes += 1
        crash_at(-1)
        if crashes <= step:
            break
        if hasattr(folder._journal, "_lock"):
            leave(folder)
        so_far = candids(out)
        assert len(set(so_far)) == len(so_far)
        with opened(out, partition_by) as again:
            assert candids(out) == sorted(set(candids(out)))
            assert len(candids(out)) == again.state.distinct, f"step {step}: what counts is not what is there"
            read_on(again)
        assert candids(out) == ALL, f"step {step}"
        assert hidden(out) == {COMPLETE_FOLDER, ".quicklook-lock"}
        step += 1
    assert crashes > 40, "these were not all the steps of three segments"


def test_after_a_crash_in_its_last_moment_the_same_command_tidies_up(
    tmp_path: Path, crash_at: Callable[[int], None]
) -> None:
    complete = 0
    for step in count():
        out = tmp_path / str(step)
        folder = opened(out)
        crash_at(step)
        try:
            read_on(folder.__enter__())
            was_ended = False
        except Crash:
            was_ended = True
        crash_at(-1)
        if hasattr(folder._journal, "_lock"):
            leave(folder)
        if (state := already_fetched(TOPIC, Wanted(out))) is not None:
            complete += 1
            assert (state.distinct, candids(out)) == (10, ALL)
            assert hidden(out) == {COMPLETE_FOLDER, ".quicklook-lock"}, f"step {step}"
            assert len(pl.scan_parquet(out).collect()) == 10, f"step {step}"
        if not was_ended:
            break
    assert complete > 3, "these were not the steps after the last alert"


def test_a_crash_while_recovering_is_no_harm(tmp_path: Path, crash_at: Callable[[int], None]) -> None:
    for first in range(10, 30, 3):
        for second in range(8):
            out = tmp_path / f"{first}-{second}"
            for step in (first, second):
                folder = opened(out)
                crash_at(step)
                with suppress(Crash):
                    read_on(folder.__enter__())
                crash_at(-1)
                leave(folder)
            with opened(out) as again:
                read_on(again)
            assert candids(out) == ALL


def test_what_is_not_committed_is_gone_after_a_crash(tmp_path: Path) -> None:
    folder = opened(tmp_path, segment_messages=100).__enter__()
    prepare(folder)
    folder.append(alerts([1, 2]), {0: 2})
    assert folder.offsets() == {0: 2}
    leave(folder)
    with opened(tmp_path) as again:
        assert (again.offsets(), again.counts) == ({}, ReadCounts())
        assert hidden(tmp_path) == {STATE_FILE, ".quicklook-lock"}


def test_what_cannot_be_read_is_kept_by_its_place(tmp_path: Path) -> None:
    with opened(tmp_path, segment_messages=100) as folder:
        prepare(folder)
        folder.append(alerts([1]), {0: 2, 3: 9}, [CorruptAlert(TOPIC, 0, 1, "it is empty")], [TrimmedRange(3, 0, 9)])
        folder.commit()
    with opened(tmp_path) as again:
        assert again.counts == ReadCounts(messages=2, distinct=1, corrupt=1, trimmed=9)
        assert [each.model_dump() for each in again.state.damaged] == [
            {"partition": 0, "offset": 1, "reason": "it is empty"}
        ]


def test_a_complete_topic_without_alerts_gives_their_types(tmp_path: Path) -> None:
    with opened(tmp_path, "time") as folder:
        prepare(folder)
        folder.conclude(True, "0 of 0, complete.", 0)
    (file,) = files_in(tmp_path)
    assert pq.read_table(file, partitioning=None).num_rows == 0
    assert pq.read_schema(file).equals(DECODER.schema)


def test_a_folder_with_other_things_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("all of it")
    with pytest.raises(InvalidRequest, match="not empty"):
        opened(tmp_path).__enter__()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_what_others_put_beside_the_alerts_stays(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        prepare(folder)
        folder.append(alerts([1]), {0: 1})
        folder.commit()
    (tmp_path / "notes.txt").write_text("mine")
    with opened(tmp_path) as folder:
        read_on(folder)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InvalidRequest, match="is a file"):
        opened(tmp_path / "out").__enter__()


@pytest.mark.parametrize(
    ("topic", "partition_by"), [("ftransfer_ztf_y", None), (TOPIC, "time")], ids=["topic", "partitions"]
)
def test_a_folder_is_for_one_topic_and_one_partitioning(
    tmp_path: Path, topic: str, partition_by: PartitionBy | None
) -> None:
    with opened(tmp_path) as folder:
        prepare(folder)
        folder.append(alerts([1]), {0: 1})
        folder.commit()
    before = (tmp_path / STATE_FILE).read_bytes()
    with pytest.raises(InvalidRequest, match=f"holds the alerts of {TOPIC} as parquet, without partitions"):
        FetchedFolder(tmp_path, topic, partition_by=partition_by).__enter__()
    assert (tmp_path / STATE_FILE).read_bytes() == before


def test_a_folder_that_nothing_came_into_may_become_another(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    with FetchedFolder(tmp_path, TOPIC, partition_by="time", alert_format="csv") as folder:
        read_on(folder)
        assert (folder.state.file_format, folder.state.partition_by) == ("csv", "time")


@pytest.mark.parametrize(
    ("alert_format", "read"),
    [
        ("csv", lambda path: pd.read_csv(path)["candid"].tolist()),
        ("votable", lambda path: Table.read(path, format="votable")["candid"].tolist()),
        ("fits", lambda path: Table.read(path, hdu=1)["candid"].tolist()),
    ],
)
def test_other_formats_have_all_alerts_too(
    tmp_path: Path, alert_format: AlertFormat, read: Callable[[Path], list[int]]
) -> None:
    def at_once() -> FetchedFolder:
        return FetchedFolder(tmp_path, TOPIC, alert_format=alert_format, partition_by="finkclass", segment_messages=4)

    with at_once() as folder:
        prepare(folder)
        folder.append(alerts([1, 2, 3, 3]), {0: 4})
        folder.append(alerts([4]), {0: 5})
    with at_once() as folder:
        read_on(folder)
    files = [path for path in tmp_path.rglob("alerts-*") if path.is_file()]
    assert sorted(candid for path in files for candid in read(path)) == ALL
    assert {path.parent.parent for path in files} == {tmp_path}


def test_columns_that_a_format_has_no_place_for_are_named(tmp_path: Path) -> None:
    fields = [*LIGHT_SCHEMA["fields"], {"name": "history", "type": {"type": "array", "items": "double"}}]
    with FetchedFolder(tmp_path, TOPIC, alert_format="fits") as folder:
        prepare(folder, AlertDecoder(json.dumps({**LIGHT_SCHEMA, "fields": fields})))
        folder.commit()
        assert folder.state.left_out == ("history",)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        prepare(folder)
        folder.append(alerts([1]), {0: 1})
        folder.commit()
    other = AlertDecoder(json.dumps({**LIGHT_SCHEMA, "fields": LIGHT_SCHEMA["fields"][:2]}))
    with opened(tmp_path) as folder, pytest.raises(InvalidRequest, match="another schema"):
        prepare(folder, other)


def test_a_folder_is_not_left_in_the_middle_of_a_commit_and_nothing_is_written_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes, may_go_on, finish = Event(), Event(), FetchSegment.finish

    def slow(*arguments: Any) -> Any:
        writes.set()
        assert may_go_on.wait(10)
        return finish(*arguments)

    monkeypatch.setattr(FetchSegment, "finish", slow)
    folder = opened(tmp_path, segment_messages=100).__enter__()
    prepare(folder)
    folder.append(alerts([1, 2]), {0: 2})
    with ThreadPoolExecutor(2) as threads:
        committed = threads.submit(folder.commit)
        assert writes.wait(10)
        left = threads.submit(folder.__exit__, None, None, None)
        try:
            with pytest.raises(TimeoutError):
                left.result(0.2)
            with pytest.raises(StoreInUse):
                opened(tmp_path).__enter__()
        finally:
            may_go_on.set()
        committed.result(10)
        left.result(10)
    before = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    with pytest.raises(QuicklookError, match="Nothing more is written"):
        folder.append(alerts([3]), {0: 3})
    folder.commit()
    folder.conclude(True, "2 of 2, complete.", 2)
    assert {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]} == before
    assert candids(tmp_path) == [1, 2]


def test_two_at_once_are_told_apart(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(StoreInUse, match=r"Process \d+ fetches into"):
        opened(tmp_path).__enter__()


def test_a_damaged_state_is_said_and_nothing_touched(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    for text in (
        "{",
        '{"version": 1}',
        '{"topic": "x", "file_format": "parquet", "partition_by": null, "newer": 1}',
        NEWER,
    ):
        (tmp_path / STATE_FILE).write_text(text)
        with pytest.raises(InvalidRequest, match="is damaged"):
            opened(tmp_path).__enter__()
        assert (tmp_path / STATE_FILE).read_text() == text


def test_a_complete_fetch_of_another_version_is_said(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        read_on(folder)
    (tmp_path / COMPLETE_FOLDER / "version=1").rename(tmp_path / COMPLETE_FOLDER / "version=2")
    with pytest.raises(InvalidRequest, match="another version has written it"):
        read_state(tmp_path)


def test_a_state_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / STATE_FILE).mkdir()
    with pytest.raises(InvalidRequest, match=r"cannot be read: Is a directory"):
        read_state(tmp_path)


@pytest.mark.parametrize("target", ["../elsewhere.parquet", "/tmp/elsewhere.parquet"])
def test_a_state_does_not_reach_out_of_its_folder(tmp_path: Path, target: str) -> None:
    with opened(tmp_path / "out"):
        pass
    state = json.loads((tmp_path / "out" / STATE_FILE).read_text())
    state["moves"] = [{"source": ".quicklook-partial/x", "target": target}]
    (tmp_path / "out" / STATE_FILE).write_text(json.dumps(state))
    with pytest.raises(InvalidRequest, match="is damaged"):
        opened(tmp_path / "out").__enter__()


def test_ids_that_are_gone_are_said(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        prepare(folder)
        folder.append(alerts([1]), {0: 1})
        folder.commit()
    next((tmp_path / ".quicklook-ids").iterdir()).unlink()
    with pytest.raises(QuicklookError, match="is gone or damaged"):
        opened(tmp_path).__enter__()


def test_a_full_disk_loses_nothing_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with opened(tmp_path, segment_messages=2) as folder:
        prepare(folder)
        folder.append(alerts([1, 2]), {0: 2})
        with monkeypatch.context() as patch:
            patch.setattr(pq.ParquetWriter, "write_table", full)
            with pytest.raises(QuicklookError, match=r"No space left on device.*same command"):
                folder.append(alerts([3, 4]), {0: 4})
        folder.commit()
    assert candids(tmp_path) == [1, 2]
    with opened(tmp_path) as folder:
        assert folder.offsets() == {0: 2}
        prepare(folder)
        folder.append(alerts([3, 4]), {0: 4})
        folder.commit()
    assert candids(tmp_path) == [1, 2, 3, 4]
