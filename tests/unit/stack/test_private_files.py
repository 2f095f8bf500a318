"""Files that hold secrets."""

from __future__ import annotations

import os
from pathlib import Path

from stack.private_files import write_privately


def test_nobody_else_can_read_it_whatever_was_there_before(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    for path in (file, tmp_path / f".passwords.{os.getpid()}"):  # the second: of a writer that died
        path.write_text("an old one")
        path.chmod(0o644)
    write_privately(file, "secret")
    assert file.read_text() == "secret"
    assert [(path.name, path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == [("passwords", 0o600)]


def test_a_folder_that_is_made_for_it_is_closed_too(tmp_path: Path) -> None:
    file = tmp_path / "security" / "passwords"
    write_privately(file, b"secret")
    assert file.parent.stat().st_mode & 0o777 == 0o700
