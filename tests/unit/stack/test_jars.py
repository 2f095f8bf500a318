"""The cache on real files; the registry is a folder here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from backend.errors import ServiceUnavailable
from stack.jar_lock import Coordinates, Lock, LockedJar
from stack.jars import JarCache
from stack.java import Java

JAVA = Java(Path("/nowhere"), 17)
GOOD = {"a:one:1": b"first jar", "a:two:1": b"second jar"}


class FolderRegistry:
    """Delivers what it was given, and counts how often it was asked."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents = contents
        self.asked: list[str] = []

    def __call__(self, wanted: Sequence[LockedJar], java: Java, staging: Path, report: Callable[[int], None]) -> str:
        for jar in wanted:
            name = str(jar.coordinates)
            self.asked.append(name)
            if name in self.contents:
                path = staging / "0" / "cache" / jar.coordinates.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self.contents[name])
        report(len(wanted))
        return "Ivy said: no more"


@pytest.fixture
def lock() -> Lock:
    jars = (LockedJar(Coordinates.parse(name), hashlib.sha256(content).hexdigest()) for name, content in GOOD.items())
    return Lock({"kafka": tuple(jars)})


def never() -> Java:
    pytest.fail("Java was asked for although nothing is missing")


def test_all_are_fetched_once_and_progress_is_said(lock: Lock, tmp_path: Path) -> None:
    registry, said = FolderRegistry(GOOD), list[str]()
    JarCache(tmp_path, registry).provide(lock, lambda: JAVA, said.append)
    JarCache(tmp_path, registry).provide(lock, never, said.append)
    assert registry.asked == ["a:one:1", "a:two:1"]
    assert said == ["jars: 2 of 2"]
    assert [JarCache(tmp_path).path_of(jar).read_bytes() for jar in lock.jars] == list(GOOD.values())


def test_a_wrong_jar_is_named_and_not_kept_but_the_right_one_is(lock: Lock, tmp_path: Path) -> None:
    cache = JarCache(tmp_path, FolderRegistry({**GOOD, "a:two:1": b"forged"}))
    forged = hashlib.sha256(b"forged").hexdigest()
    with pytest.raises(ServiceUnavailable, match=rf"1 of 2 jars .*a:two:1 has SHA-256 {forged}, the lock says"):
        cache.provide(lock, lambda: JAVA, lambda step: None)
    one, two = lock.jars
    assert cache.path_of(one).is_file()
    assert not cache.path_of(two).exists()
    assert [path.name for path in tmp_path.rglob("*.jar")] == ["one-1.jar"]


def test_a_missing_jar_is_named_with_what_the_registry_said(lock: Lock, tmp_path: Path) -> None:
    cache = JarCache(tmp_path, FolderRegistry({"a:one:1": GOOD["a:one:1"]}))
    with pytest.raises(ServiceUnavailable, match=r"a:two:1 was not downloaded.*Ivy said: no more"):
        cache.provide(lock, lambda: JAVA, lambda step: None)


def test_only_what_is_missing_is_fetched_after_an_interruption(lock: Lock, tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailable):
        JarCache(tmp_path, FolderRegistry({"a:one:1": GOOD["a:one:1"]})).provide(lock, lambda: JAVA, lambda step: None)
    registry = FolderRegistry(GOOD)
    JarCache(tmp_path, registry).provide(lock, lambda: JAVA, lambda step: None)
    assert registry.asked == ["a:two:1"]


def test_a_jar_that_was_changed_later_is_fetched_again(lock: Lock, tmp_path: Path) -> None:
    registry = FolderRegistry(GOOD)
    cache = JarCache(tmp_path, registry)
    cache.provide(lock, lambda: JAVA, lambda step: None)
    changed = cache.path_of(lock.jars[0])
    changed.write_bytes(b"FIRST JAR")
    cache.provide(lock, lambda: JAVA, lambda step: None)
    assert registry.asked == ["a:one:1", "a:two:1", "a:one:1"]
    assert changed.read_bytes() == GOOD["a:one:1"]


def test_a_jar_that_was_only_touched_is_read_again_not_fetched(lock: Lock, tmp_path: Path) -> None:
    cache = JarCache(tmp_path, FolderRegistry(GOOD))
    cache.provide(lock, lambda: JAVA, lambda step: None)
    os.utime(cache.path_of(lock.jars[0]), (1, 1))
    cache.provide(lock, never, lambda step: None)


def test_a_damaged_memory_of_what_was_verified_costs_only_time(lock: Lock, tmp_path: Path) -> None:
    cache = JarCache(tmp_path, FolderRegistry(GOOD))
    cache.provide(lock, lambda: JAVA, lambda step: None)
    (tmp_path / "verified.json").write_text('{"a:one:1": [')
    cache.provide(lock, never, lambda step: None)


def test_what_another_profile_verified_is_remembered(lock: Lock, tmp_path: Path) -> None:
    other = Lock({"hdfs": lock.groups["kafka"][1:]})
    cache = JarCache(tmp_path, FolderRegistry(GOOD))
    cache.provide(lock, lambda: JAVA, lambda step: None)
    before = (tmp_path / "verified.json").read_text()
    cache.provide(other, never, lambda step: None)
    assert (tmp_path / "verified.json").read_text() == before
