"""HDFS as a file system of fsspec, through WebHDFS."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests
from fsspec.implementations.webhdfs import WebHDFS

from backend.webhdfs import WebHdfs

OWNER_ONLY = "600"


class HdfsFiles(WebHDFS):  # type: ignore[misc]  # fsspec has no types
    """Files of HDFS, to read, write and replace; each error is an `OSError`.

    fsspec's own has no timeouts, takes any error for a file that is not there, passes over a rename that was refused,
    and writes by appending, so that a reader sees parts.

    Parameters
    ----------
    webhdfs
        The way to HDFS.
    """

    cachable = False  # two with the same address may have other settings

    def __init__(self, webhdfs: WebHdfs) -> None:
        super().__init__(host="")  # no address of its own
        self._webhdfs = webhdfs

    def exists(self, path: str, **_: Any) -> bool:
        """Whether there is something.

        Raises
        ------
        OSError
            It is not known.
        """
        try:
            self.info(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def isdir(self, path: str) -> bool:
        """Whether there is a folder; raises as `exists`."""
        try:
            return bool(self.info(path)["type"] == "directory")
        except (FileNotFoundError, NotADirectoryError):
            return False

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **options: Any) -> bytes:
        """The content of a file, or a part of it."""
        if start is None and end is None:  # in one call: the file may be replaced at any time
            return self._webhdfs.call("OPEN", "GET", path).content
        return bytes(super().cat_file(path, start, end, **options))

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
        """Write a file at once, for its owner alone."""
        overwrite = str(mode == "overwrite").lower()
        self._webhdfs.call("CREATE", "PUT", path, content=value, overwrite=overwrite, permission=OWNER_ONLY)

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        """Put a file in a place, instead of what is there: whoever looks sees the one or the other.

        Raises
        ------
        OSError
            It did not come there.
        """
        answer = self._webhdfs.call("RENAME", "PUT", path1, destination=path2, renameoptions="OVERWRITE")
        if answer.content and not answer.json().get("boolean"):  # a gateway (HttpFS) that does not know the option
            raise OSError(f"{path1} did not come in the place of {path2}; WEBHDFS_URL must name a NameNode, not HttpFS")

    def rm(self, path: str, recursive: bool = False, **_: Any) -> None:
        """Remove it.

        Raises
        ------
        FileNotFoundError
            There is no such thing.
        """
        answer = self._webhdfs.call("DELETE", "DELETE", path, recursive=str(recursive).lower())
        if not answer.json()["boolean"]:
            raise FileNotFoundError(path)

    def chmod(self, path: str, mode: int) -> None:
        """Set who may do what with it."""
        self._webhdfs.call("SETPERMISSION", "PUT", path, permission=f"{mode:o}")

    def modified(self, path: str) -> datetime:
        """When it was changed last."""
        return datetime.fromtimestamp(self.info(path)["modificationTime"] / 1000, UTC)

    def _connect(self) -> None:
        """Nothing to connect: each call has a session of its own."""

    def _call(self, op: str, method: str = "get", path: str = "", **parameters: Any) -> requests.Response:
        """What fsspec's own methods ask by; those that write in another way have been replaced."""
        parameters.pop("redirect", None)  # always followed
        return self._webhdfs.call(op, method.upper(), path, **parameters)

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        if mode != "rb":
            raise NotImplementedError(f"{path}: files of HDFS are written at once, by pipe_file")
        return super()._open(path, mode, **options)
