"""How numbers, sizes, nights and times are written; and data as text, whatever signs it has."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from backend.models import Content, TransferRequest
from backend.region import Region
from backend.sample import Sample

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=&@/])")
_AUTOLINK = re.compile(r"://|www\.|@", re.IGNORECASE)
"""What Markdown makes a link of even when it is escaped; an invisible joiner inside prevents that."""
_WORD_JOINER = "\u2060"
CONTENT_LABELS = {
    Content.LIGHTCURVE: "Lightcurve",
    Content.MEDIUM: "Medium",
    Content.CUTOUTS: "Cutouts",
    Content.FULL: "Full",
}


def plain(text: object) -> str:
    """Text for a place that reads Markdown, shown as it is."""
    unlinked = _AUTOLINK.sub(lambda found: f"{found[0][0]}{_WORD_JOINER}{found[0][1:]}", str(text))
    return _MARKDOWN.sub(r"\\\1", unlinked)


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: ``1 alert``, ``12,340 alerts``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size_text(size_bytes: float) -> str:
    """A size: ``17 MB``."""
    for unit in ("B", "KB", "MB", "GB"):
        if size_bytes < 999.5:
            return f"{size_bytes:.0f} {unit}" if size_bytes >= 10 or unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:,.1f} TB"


def content_text(request: TransferRequest) -> str:
    """The content of a request: ``Lightcurve``, ``3 fields``."""
    content = request.content
    return CONTENT_LABELS[content] if isinstance(content, Content) else counted(len(content), "field")


def region_text(region: Region) -> str:
    """Where: ``60″ around 10.5 -41.2``, ``3 objects``."""
    if cone := region.cone:
        return f"{cone.radius_arcsec:g}″ around {cone.ra_deg:g} {cone.dec_deg:g}"
    if box := region.rectangle:
        return f"RA {box.ra_min_deg:g} to {box.ra_max_deg:g}, Dec {box.dec_min_deg:g} to {box.dec_max_deg:g}"
    if listed := region.positions:
        return f"{listed.radius_arcsec:g}″ around {counted(len(listed.ra_dec_deg), 'position')}"
    return counted(len(region.objects or ()), "object")


def sample_text(sample: Sample) -> str:
    """How many of what matches: ``7 % of them``, ``20 alerts at most``."""
    if sample.fraction is not None:
        return f"{100 * sample.fraction:.3g} % of them"
    if sample.per_class is not None:
        return f"{counted(sample.per_class, 'alert')} of each class at most"
    return f"{counted(sample.max_alerts or 0, 'alert')} at most"


def time_text(moment: datetime) -> str:
    """A time in UTC, to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}"


def span_text(span: timedelta) -> str:
    """A span: ``3 d 23 h``, ``5 h``, ``12 min``, ``40 s``."""
    seconds = int(span.total_seconds())
    if seconds < 60:
        return f"{max(seconds, 0)} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    days, hours = divmod(seconds // 3600, 24)
    return f"{days} d {hours} h" if days else f"{hours} h"
