"""The labels that a user chooses classes by, and the column values they stand for."""

from __future__ import annotations

import difflib
from typing import NamedTuple

from backend.errors import InvalidRequest

FINK_CLASSES = (
    "SN candidate",
    "Early SN Ia candidate",
    "Kilonova candidate",
    "Microlensing candidate",
    "Solar System MPC",
    "Solar System candidate",
    "Tracklet",
    "Ambiguous",
)
"""Values of ``finkclass`` that the class rule gives; its other values are SIMBAD types and `UNKNOWN`."""

TNS_TYPES = (
    "AGN", "Afterglow", "CV", "FRB", "Galaxy", "ILRT", "Impostor-SN", "Kilonova", "LBV", "LRN", "Light-Echo",
    "M dwarf", "Nova", "Other", "QSO", "SLSN-I", "SLSN-II", "SN", "SN I", "SN II", "SN II-pec", "SN IIL", "SN IIP",
    "SN IIb", "SN IIn", "SN IIn-pec", "SN Ia", "SN Ia-91T-like", "SN Ia-91bg-like", "SN Ia-CSM", "SN Ia-pec",
    "SN Iax[02cx-like]", "SN Ib", "SN Ib-Ca-rich", "SN Ib-pec", "SN Ib/c", "SN Ibn", "SN Ic", "SN Ic-BL", "SN Ic-pec",
    "SN Icn", "TDE", "Varstar",
)  # fmt: skip
"""Object types of the Transient Name Server; ``tnsclass`` holds them with the prefix ``(TNS) ``."""

UNKNOWN = "Unknown"
FINK, SIMBAD, TNS = "(Fink) ", "(SIMBAD) ", "(TNS) "


class WantedClasses(NamedTuple):
    """Values of the two class columns; an alert is selected when one of its two is among them. Both empty: all."""

    finkclasses: tuple[str, ...]
    tnsclasses: tuple[str, ...]


def fixed_labels() -> tuple[str, ...]:
    """The labels that do not depend on the archive; SIMBAD's do."""
    fink = (FINK + name for name in FINK_CLASSES)
    return (*fink, UNKNOWN, *(TNS + name for name in TNS_TYPES))


def wanted_classes(labels: tuple[str, ...]) -> WantedClasses:
    """The column values that the chosen labels stand for.

    Raises
    ------
    InvalidRequest
        A label is none of ours; the nearest is named.
    """
    finkclasses: list[str] = []
    tnsclasses: list[str] = []
    for label in labels:
        if label.startswith(SIMBAD) and label != SIMBAD:
            finkclasses.append(label.removeprefix(SIMBAD))
        elif label not in fixed_labels():
            raise _unknown(label)
        elif label.startswith(TNS):
            tnsclasses.append(label)
        else:
            finkclasses.append(label.removeprefix(FINK))
    return WantedClasses(tuple(dict.fromkeys(finkclasses)), tuple(dict.fromkeys(tnsclasses)))


def _unknown(label: str) -> InvalidRequest:
    known = {known.lower(): known for known in fixed_labels()}
    bare = {known.split(") ", 1)[-1].lower(): known for known in reversed(fixed_labels())}
    near = bare.get(label.lower()) or next(
        (known[match] for match in difflib.get_close_matches(label.lower(), known, n=1, cutoff=0.4)), None
    )
    hint = f"Did you mean {near}?" if near else "Labels begin with (Fink), (SIMBAD) or (TNS), or are Unknown."
    return InvalidRequest(f"There is no class {label!r}.", hint)
