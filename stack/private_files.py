"""Files that hold secrets: for their owner only from the first byte, and whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

FOR_OWNER_ONLY = 0o600


def write_privately(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner can read; whoever reads meanwhile has the old or the new one.

    The folder is made when it is missing, for the owner only as well.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)  # left by a process that died; its mode would stay
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FOR_OWNER_ONLY), "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    partial.replace(path)
