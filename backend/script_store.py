"""The folder from which the cluster takes what it runs: the job's scripts and the plan of each transfer."""

from __future__ import annotations

import hashlib
import io
import re
import uuid
import zipfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from fsspec.implementations.local import LocalFileSystem

from backend.errors import InvalidRequest, ServiceUnavailable
from backend.shared_files import WITHOUT_HDFS, SharedFiles

_KEPT = timedelta(days=14)
_OWNER_ONLY_FOLDER = 0o700
_OWNER_ONLY_FILE = 0o600
_PLAN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_OLDEST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_LAST_USED = "last_used"


JOB_FOLDER = Path(__file__).resolve().parent.parent / "spark_scripts"
"""The code of the jobs, in this checkout."""


class JobFiles(NamedTuple):
    """What a batch is told about the job's code: its entry script, and the package that the script imports."""

    main: str
    py_files: tuple[str, ...]


class ScriptStore:
    """Scripts and plans in a folder that this machine writes and the cluster reads.

    Parameters
    ----------
    uri
        The folder's address: ``file:///…``, ``hdfs://…``.
    files
        Opens it.

    Raises
    ------
    InvalidSettings
        There is no way to such an address.
    """

    def __init__(self, uri: str, files: SharedFiles = WITHOUT_HDFS) -> None:
        self._fs, self._root = files.open(uri)
        self._uri = uri.rstrip("/")

    def put_job(self, script_dir: Path, entry: str) -> JobFiles:
        """Upload the job's code, unless this very version is there.

        A version has a folder of its own, named by a hash of the code: a job that waits or runs never sees another
        one. Versions that nobody has used for two weeks are removed.

        Parameters
        ----------
        script_dir
            The package with the job's modules.
        entry
            The module that Spark runs.

        Raises
        ------
        ServiceUnavailable
            The folder cannot be written.
        """
        package = _zipped(script_dir)
        script = (script_dir / entry).read_bytes()
        version = hashlib.sha256(package + script + entry.encode()).hexdigest()[:16]
        folder = f"{self._root}/jobs/{version}"
        zip_path, main_path = f"{folder}/{script_dir.name}.zip", f"{folder}/{entry}"
        try:
            for path, content in ((zip_path, package), (main_path, script)):
                if not self._fs.exists(path):
                    self._write(path, content)
            self._write(f"{folder}/{_LAST_USED}", b"")
            self._remove_unused(version)
        except OSError as error:
            raise self._unavailable(error) from error
        return JobFiles(self._address(main_path), (self._address(zip_path),))

    def put_plan(self, topic: str, plan_json: str) -> str:
        """Write the plan of a transfer, in the place of an earlier one.

        Returns
        -------
        str
            The plan's path, as the job reads it.

        Raises
        ------
        InvalidRequest
            The name cannot be that of a file here.
        ServiceUnavailable
            The folder cannot be written.
        """
        path = self._plan_path(topic)
        try:
            self._write(path, plan_json.encode())
        except OSError as error:
            raise self._unavailable(error) from error
        return self._address(path)

    def read_plan(self, topic: str) -> str:
        """What is in the place of a plan now: the plan, or what a job was told to put there.

        Raises
        ------
        InvalidRequest
            The name cannot be that of a file here.
        ServiceUnavailable
            The file is not there, or cannot be read.
        """
        try:
            content: bytes = self._fs.cat_file(self._plan_path(topic))
        except OSError as error:
            raise self._unavailable(error) from error
        return content.decode()

    def remove_plan(self, topic: str) -> None:
        """Remove the plan of a transfer, if it is there.

        Raises
        ------
        InvalidRequest
            The name cannot be that of a file here.
        ServiceUnavailable
            The folder cannot be written.
        """
        plan = PurePosixPath(self._plan_path(topic))
        for path in (plan, plan.with_name(f".{plan.name}.crc")):  # what a job writes, Hadoop adds a checksum to
            try:
                self._fs.rm_file(str(path))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._unavailable(error) from error

    def ping(self) -> None:
        """Write to the folder, as a sign of life.

        Raises
        ------
        ServiceUnavailable
            The folder cannot be written.
        """
        try:
            self._write(f"{self._root}/{_LAST_USED}", b"")
        except OSError as error:
            raise self._unavailable(error) from error

    def _plan_path(self, topic: str) -> str:
        if not _PLAN_NAME.fullmatch(topic):
            raise InvalidRequest(f"{topic[:300]!r} cannot be the name of a plan.", "It is the topic of a transfer.")
        return f"{self._root}/plans/{topic}.json"

    def _write(self, path: str, content: bytes) -> None:
        """Write a file at once: whoever reads it sees all of it, or what was there before."""
        target = PurePosixPath(path)
        self._make_folder(str(target.parent))
        unfinished = str(target.with_name(f".{target.name}.{uuid.uuid4().hex}"))
        try:
            self._fs.pipe_file(unfinished, content)
            self._fs.chmod(unfinished, _OWNER_ONLY_FILE)
            self._fs.mv(unfinished, path)
        except OSError:
            if self._fs.exists(unfinished):
                self._fs.rm_file(unfinished)
            raise

    def _make_folder(self, folder: str) -> None:
        """Make a folder and what leads to it; a folder that was there keeps the rights that its owner gave it."""
        if self._fs.isdir(folder):
            return
        if folder.startswith(f"{self._root}/"):
            self._make_folder(str(PurePosixPath(folder).parent))
        self._fs.makedirs(folder, exist_ok=True)
        self._fs.chmod(folder, _OWNER_ONLY_FOLDER)

    def _remove_unused(self, current: str) -> None:
        oldest_kept = datetime.now(UTC) - _KEPT
        for folder in self._fs.ls(f"{self._root}/jobs", detail=False):
            if PurePosixPath(folder).name == current:
                continue
            # A version without a marker is being uploaded; or another dashboard is removing it.
            with suppress(FileNotFoundError):
                if self._fs.modified(f"{folder}/{_LAST_USED}") < oldest_kept:
                    self._fs.rm(folder, recursive=True)

    def _address(self, path: str) -> str:
        """The path as Livy, Spark and the job open it."""
        # On one machine that is the plain path; elsewhere the address that the cluster knows the folder by.
        return path if isinstance(self._fs, LocalFileSystem) else self._uri + path.removeprefix(self._root)

    def _unavailable(self, error: OSError) -> ServiceUnavailable:
        return ServiceUnavailable(
            "the script store",
            f"The script store {self._uri} cannot be used: {error.strerror or error}.",
            "Check SCRIPT_STORE_URI, the rights of the folder, and the space on its disk.",
        )


def _zipped(package: Path) -> bytes:
    """The modules of a package as a zip that depends on nothing but their names and content."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for module in sorted(package.rglob("*.py")):
            name = PurePosixPath(package.name, *module.relative_to(package).parts)
            entry = zipfile.ZipInfo(str(name), _OLDEST_ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, module.read_bytes())
    return packed.getvalue()
