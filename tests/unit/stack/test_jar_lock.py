from __future__ import annotations

import pytest

from backend.errors import QuicklookError
from stack.jar_lock import Coordinates, Lock
from stack.lock import ROOTS

DIGEST = "0123456789abcdef" * 4


def test_a_lock_is_read_as_it_was_written() -> None:
    text = f"# made\n\n[kafka]\na.b:c:1.0 {DIGEST}\na.b:d:1.0:linux {DIGEST}  # why\n\n[spark]\na.b:c:1.0 {DIGEST}\n"
    lock = Lock.parse(text)
    assert Lock.parse(lock.render()) == lock
    assert [str(jar.coordinates) for jar in lock.jars] == ["a.b:c:1.0", "a.b:d:1.0:linux"]


@pytest.mark.parametrize(
    "line", ["a:b:1 0123", "a:b " + DIGEST, "a:..:1 " + DIGEST, "a/b:c:1 " + DIGEST, f"a:b:1:c:d {DIGEST}", "a:b:1"]
)
def test_a_line_that_is_not_understood_is_named(line: str) -> None:
    with pytest.raises(QuicklookError, match=r"jars\.lock, line 2"):
        Lock.parse(f"[kafka]\n{line}\n")


def test_a_jar_without_a_group_is_refused() -> None:
    with pytest.raises(QuicklookError, match="line 1"):
        Lock.parse(f"a:b:1 {DIGEST}\n")


def test_a_classifier_is_part_of_the_file_name() -> None:
    assert str(Coordinates.parse("a.b:c:1:linux").path) == "a.b/c/1/c-1-linux.jar"


def test_the_committed_lock_holds_what_is_asked_for() -> None:
    lock = Lock.read()
    for group, roots in ROOTS.items():
        assert set(roots) <= {str(jar.coordinates) for jar in lock.groups[group]}


def test_parts_are_taken_alone() -> None:
    lock = Lock.parse(f"[kafka]\na.b:c:1.0 {DIGEST}\n\n[hdfs]\na.b:d:1.0 {DIGEST}\n")
    assert [str(jar.coordinates) for jar in lock.only(["kafka"]).jars] == ["a.b:c:1.0"]
