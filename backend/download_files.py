"""What a browser downloads: one file, or a zip of folders, written in bounded memory."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.alert_filter import EVERYTHING, AlertFilter
from backend.alert_formats import SUFFIXES
from backend.download_forms import DownloadForm
from backend.errors import QuicklookError
from backend.object_marks import ObjectMark
from backend.prepared_download import Tell, Write
from backend.reading import AlertReader
from backend.receipt import Receipt

_SPARE = 1.2
"""An estimate may be too small by so much."""


@dataclass(frozen=True, slots=True)
class WantedAlerts:
    """Which alerts, in which form."""

    form: DownloadForm
    chosen: AlertFilter


def needed_bytes(estimated_bytes: float, form: DownloadForm) -> int:
    """The room that writing takes at most; folders lie beside their zip, in the worst case all in one file."""
    return int(_SPARE * estimated_bytes * (2 if form.partition_by else 1))


def writing(
    reader: AlertReader,
    wanted: WantedAlerts,
    request: dict[str, object] | None,
    receipt: Receipt | None,
    marks: Sequence[ObjectMark] = (),
) -> Write:
    """How a reader's alerts become a file, for `backend.download_shelf.DownloadShelf.prepare`.

    Parameters
    ----------
    request, receipt, marks
        Of the transfer, and of its objects; kept in the files.
    """

    def write(place: Path, tell: Tell) -> Path:
        folder = place / reader.topic
        written = reader.export(
            folder,
            wanted.form.partition_by,
            request,
            chosen=wanted.chosen,
            export_format=wanted.form.export_format,
            receipt=receipt,
            marks=marks,
            tell=tell,
        )
        files = sorted(folder.rglob(f"*{SUFFIXES[wanted.form.export_format]}"))
        name = _name(reader.topic, wanted)
        if wanted.form.partition_by is None and len(files) == 1:
            file = files[0].rename(place / f"{name}{files[0].suffix}")
        else:
            file = _zipped(place / f"{name}.zip", files, place, lambda: tell(written.rows))
        shutil.rmtree(folder)
        return file

    return write


def _zipped(archive: Path, files: list[Path], root: Path, go_on: Callable[[], None]) -> Path:
    """Put files into a zip, and remove each as soon as it is there: they never take twice the room together."""
    try:
        # Not compressed: the formats are, or are read faster than unpacked.
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED, allowZip64=True) as packing:
            for file in files:
                packing.write(file, file.relative_to(root))
                file.unlink()
                go_on()
    except OSError as error:
        raise QuicklookError(f"The download cannot be packed: {error}.", "Make room on the disk.") from error
    return archive


def _name(topic: str, wanted: WantedAlerts) -> str:
    parts = [topic]
    if wanted.form.export_format == "lightcurves":
        parts.append("light_curves")
    if wanted.chosen != EVERYTHING:
        parts.append("selection")
    return "_".join(parts)
