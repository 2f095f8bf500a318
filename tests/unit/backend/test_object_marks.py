"""Marks and notes: each user's own, the last one counts, an empty one is none, bounded."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import object_marks
from backend.errors import InvalidRequest
from backend.object_marks import MAX_NOTE, ObjectMark, ObjectMarks, marks_csv, marks_note


@pytest.fixture
def marks(tmp_path: Path) -> ObjectMarks:
    return ObjectMarks(tmp_path / "marks.sqlite")


def test_what_is_noted_is_there_for_its_user_alone(marks: ObjectMarks, tmp_path: Path) -> None:
    marks.note("lena", "ZTF24aaa", is_marked=True, note=" rises fast ")
    again = ObjectMarks(tmp_path / "marks.sqlite").of("lena", "ZTF24aaa")
    assert (again.is_marked, again.note) == (True, "rises fast")
    assert again.changed_at is not None
    assert marks.of("paul", "ZTF24aaa") == ObjectMark(object_id="ZTF24aaa")
    assert marks.of_user("paul") == ()


def test_the_last_note_counts_and_an_empty_one_is_none(marks: ObjectMarks) -> None:
    marks.note("lena", "ZTF24aaa", is_marked=True, note="first")
    marks.note("lena", "ZTF24bbb", is_marked=False, note="words alone")
    marks.note("lena", "ZTF24aaa", is_marked=True, note="second")
    assert [(each.object_id, each.note) for each in marks.of_user("lena")] == [
        ("ZTF24aaa", "second"),
        ("ZTF24bbb", "words alone"),
    ]
    marks.note("lena", "ZTF24aaa", is_marked=False, note="  ")
    assert [each.object_id for each in marks.of_user("lena")] == ["ZTF24bbb"]


def test_mark_and_note_change_alone(marks: ObjectMarks) -> None:
    marks.note("lena", "ZTF24aaa", is_marked=True)
    marks.note("lena", "ZTF24aaa", note="rises fast")
    noted = marks.of("lena", "ZTF24aaa")
    assert (noted.is_marked, noted.note) == (True, "rises fast")
    marks.note("lena", "ZTF24aaa", is_marked=False)
    assert marks.of("lena", "ZTF24aaa").note == "rises fast"
    marks.note("lena", "ZTF24aaa", note="")
    assert marks.of_user("lena") == ()


def test_too_long_and_too_many_are_refused_and_change_nothing(
    marks: ObjectMarks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_marks, "MAX_MARKS", 2)
    for name in ("a", "b"):
        marks.note("lena", name, is_marked=True, note="")
    with pytest.raises(InvalidRequest, match="You have noted 2 objects"):
        marks.note("lena", "c", is_marked=True, note="")
    with pytest.raises(InvalidRequest, match="characters"):
        marks.note("lena", "a", is_marked=True, note="x" * (MAX_NOTE + 1))
    marks.note("lena", "a", is_marked=True, note="still possible")
    assert {each.object_id: each.note for each in marks.of_user("lena")} == {"a": "still possible", "b": ""}


@given(st.lists(st.builds(ObjectMark, object_id=st.text(), is_marked=st.booleans(), note=st.text()), max_size=4))
def test_the_file_of_notes_reads_back(listed: list[ObjectMark]) -> None:
    rows = list(csv.reader(io.StringIO(marks_csv(listed), newline="")))
    assert rows[0] == ["objectId", "marked", "note", "changed"]
    read = [(row[0].removeprefix("'"), row[1] == "yes", row[2].removeprefix("'")) for row in rows[1:]]
    assert read == [(each.object_id.removeprefix("'"), each.is_marked, each.note.removeprefix("'")) for each in listed]


def test_a_spreadsheet_computes_nothing_of_a_note() -> None:
    assert "'=1+1" in marks_csv([ObjectMark(object_id="a", note="=1+1")])


def test_files_carry_the_notes_on_their_objects() -> None:
    listed = [ObjectMark(object_id="a", is_marked=True, note="n"), ObjectMark(object_id="b", note="m")]
    assert json.loads(marks_note(listed, {"a", "c"})["marks"]) == [{"objectId": "a", "marked": True, "note": "n"}]
    assert marks_note(listed, {"c"}) == {}
