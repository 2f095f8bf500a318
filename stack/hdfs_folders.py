"""What the stack itself does on its HDFS, as superuser: folders for the dashboard, and archives put there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import requests

from backend.errors import ServiceUnavailable
from stack.hdfs import SUPERUSER
from stack.servers import loopback_session

TIMEOUT_S = 30.0


class HdfsFolders:
    """Folders of an HDFS on this machine.

    Parameters
    ----------
    web_url
        Address of the NameNode for WebHDFS.

    Raises
    ------
    ServiceUnavailable
        By each method: HDFS does not answer, or refuses; the message has what it said.
    """

    def __init__(self, web_url: str) -> None:
        self._web_url = web_url

    def make(self, path: str, owner: str, permission: str) -> None:
        """Make a folder, if it is missing, with this owner and these permissions (octal)."""
        self._ask("PUT", "MKDIRS", path, permission=permission)
        self._ask("PUT", "SETOWNER", path, owner=owner, group=owner)

    def has(self, folder: Path, path: str) -> bool:
        """Whether a local folder is there: as many files, as many bytes."""
        parent, name = PurePosixPath(path).parent, PurePosixPath(path).name
        listed = self._ask("GET", "LISTSTATUS", str(parent))["FileStatuses"]["FileStatus"]
        if not any(status["pathSuffix"] == name for status in listed):
            return False
        there = self._ask("GET", "GETCONTENTSUMMARY", path)["ContentSummary"]
        sizes = [file.stat().st_size for file in _files(folder)]
        return (there["fileCount"], there["length"]) == (len(sizes), sum(sizes))

    def put(self, folder: Path, path: str) -> None:
        """Copy a local folder there, in place of what had its name; it has the name only once it is whole."""
        unfinished = f"{path}.unfinished"
        self._ask("DELETE", "DELETE", unfinished, recursive="true")
        for file in _files(folder):
            self._write(file, f"{unfinished}/{file.relative_to(folder).as_posix()}")
        self._ask("DELETE", "DELETE", path, recursive="true")
        self._ask("PUT", "RENAME", unfinished, destination=path)

    def _write(self, file: Path, path: str) -> None:
        where = self._ask("PUT", "CREATE", path, noredirect="true")["Location"]
        with _explained(), loopback_session() as session, file.open("rb") as content:
            session.put(where, data=content, timeout=TIMEOUT_S).raise_for_status()

    def _ask(self, method: str, operation: str, path: str, **parameters: str) -> Any:
        url = f"{self._web_url}/webhdfs/v1{quote(path)}"
        asked = {"op": operation, "user.name": SUPERUSER, **parameters}
        with _explained(), loopback_session() as session:
            answer = session.request(method, url, params=asked, timeout=TIMEOUT_S)
            if not answer.ok:
                raise ServiceUnavailable("HDFS", f"HDFS refuses {operation} of {path}: {answer.text[:500]}")
            said = answer.json() if answer.content else {}
            if said.get("boolean") is False and operation != "DELETE":  # to delete what is not there is no failure
                raise ServiceUnavailable("HDFS", f"HDFS has not done {operation} of {path}.", "See the NameNode's log.")
            return said


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except requests.RequestException as error:
        raise ServiceUnavailable("HDFS", f"HDFS does not answer: {error}", "Its logs are below stack/logs.") from error
