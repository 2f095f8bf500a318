"""The lock of jars: which jars each part of the stack loads, each with its SHA-256."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

from backend.errors import QuicklookError
from stack.places import LOCK_FILE

_PART = re.compile(r"(?!\.\.?$)[\w.+-]+")


@dataclass(frozen=True, order=True)
class Coordinates:
    """Organisation, module, revision and, rarely, classifier of a jar."""

    organisation: str
    module: str
    revision: str
    classifier: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``organisation:module:revision[:classifier]``.

        Raises
        ------
        ValueError
            When the text has another number of parts, or a part that could leave the cache's folder.
        """
        parts = text.split(":")
        if len(parts) not in (3, 4) or not all(_PART.fullmatch(part) for part in parts):
            raise ValueError(f"'{text}' is not organisation:module:revision[:classifier]")
        return cls(*parts)

    @property
    def path(self) -> PurePosixPath:
        """Where the jar lies, relative to a folder of jars."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        name = f"{self.module}-{self.revision}{suffix}.jar"
        return PurePosixPath(self.organisation, self.module, self.revision, name)

    def __str__(self) -> str:
        parts = (self.organisation, self.module, self.revision, self.classifier)
        return ":".join(part for part in parts if part)


@dataclass(frozen=True)
class LockedJar:
    """A jar and the SHA-256 (hexadecimal) of its bytes."""

    coordinates: Coordinates
    sha256: str


@dataclass(frozen=True)
class Lock:
    """All jars, by the part of the stack that loads them."""

    groups: Mapping[str, tuple[LockedJar, ...]]

    @property
    def jars(self) -> tuple[LockedJar, ...]:
        """Each jar once."""
        return tuple({jar.coordinates: jar for group in self.groups.values() for jar in group}.values())

    def only(self, groups: Iterable[str]) -> Self:
        """The jars of these parts alone."""
        return type(self)({group: self.groups[group] for group in groups})

    @classmethod
    def read(cls, path: Path = LOCK_FILE) -> Self:
        """Read a lock file.

        Raises
        ------
        QuicklookError
            When a line is not understood; the message names it.
        """
        return cls.parse(path.read_text(), path.name)

    @classmethod
    def parse(cls, text: str, name: str = "jars.lock") -> Self:
        """Read ``[group]`` headings and lines of ``coordinates sha256``; ``#`` begins a comment."""
        groups: dict[str, list[LockedJar]] = {}
        current: list[LockedJar] | None = None
        for number, line in enumerate(text.splitlines(), start=1):
            entry = line.partition("#")[0].strip()
            if heading := re.fullmatch(r"\[(\w+)\]", entry):
                current = groups.setdefault(heading[1], [])
            elif entry:
                jar = _parse_jar(entry)
                if jar is None or current is None:
                    raise QuicklookError(f"{name}, line {number}: '{entry}' is not a jar of a group with its SHA-256.")
                current.append(jar)
        return cls({group: tuple(jars) for group, jars in groups.items()})

    def render(self) -> str:
        """Give the text that ``parse`` reads, sorted."""
        lines = ["# Made by 'python -m stack.lock'. Do not edit."]
        for group, jars in self.groups.items():
            lines += ["", f"[{group}]"]
            lines += [f"{jar.coordinates} {jar.sha256}" for jar in sorted(jars, key=lambda jar: jar.coordinates)]
        return "\n".join(lines) + "\n"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parse_jar(entry: str) -> LockedJar | None:
    coordinates, _, digest = entry.partition(" ")
    if not re.fullmatch(r"[0-9a-f]{64}", digest.strip()):
        return None
    try:
        return LockedJar(Coordinates.parse(coordinates), digest.strip())
    except ValueError:
        return None
