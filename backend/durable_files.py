"""Files that are there after a power cut: written out before they are named, named by one step that cannot be half."""

from __future__ import annotations

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_text(path: Path, text: str) -> None:
    """Let a file have this text: at any moment it has the old or the new one, whole."""
    fresh = path.with_name(f"{path.name}.tmp")
    fresh.write_text(text, encoding="utf-8")
    flush(fresh)
    fresh.replace(path)
    flush(path.parent)


def move(source: Path, target: Path) -> None:
    """Give a file another name; who makes the folder's names last is the caller, once for many files."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
