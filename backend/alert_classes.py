"""The labels that a user chooses classes by, and the column values they stand for."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from typing import NamedTuple

from backend.errors import InvalidRequest
from backend.simbad_types import newest_spelling, spellings

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
    """The labels that do not depend on the archive; SIMBAD's do, and TNS may have types that are newer than this."""
    return (*_fink_labels(), *(TNS + name for name in TNS_TYPES))


def label_of(finkclass: str) -> str:
    """The label of a value of ``finkclass``: the same for all spellings of a SIMBAD type."""
    if finkclass == UNKNOWN:
        return UNKNOWN
    return FINK + finkclass if finkclass in FINK_CLASSES else SIMBAD + newest_spelling(finkclass)


def other_spellings(label: str) -> tuple[str, ...]:
    """How else the type of a SIMBAD label is spelled in archives, oldest first; nothing for other labels."""
    name = label.removeprefix(SIMBAD)
    return tuple(each for each in spellings(name) if each != name) if label.startswith(SIMBAD) else ()


def class_choices(finkclasses: Iterable[str], tnsclasses: Iterable[str]) -> tuple[str, ...]:
    """The labels to choose from: Fink's own, then the SIMBAD and TNS types that an archive has.

    Parameters
    ----------
    finkclasses, tnsclasses
        The values that the two columns take. Without a TNS catalogue ``tnsclass`` is Unknown for all: no TNS label.
    """
    simbad = {label for label in map(label_of, finkclasses) if label.startswith(SIMBAD)}
    return (*_fink_labels(), *sorted(simbad, key=str.lower), *tns_labels(tnsclasses))


def tns_labels(tnsclasses: Iterable[str]) -> tuple[str, ...]:
    """The labels of TNS types among the values of ``tnsclass``."""
    return tuple(sorted({name for name in tnsclasses if name.startswith(TNS)}))


def wanted_classes(labels: tuple[str, ...], known: Collection[str] = ()) -> WantedClasses:
    """The column values that the chosen labels stand for; a SIMBAD type stands for all its spellings.

    Parameters
    ----------
    labels
        As chosen; a SIMBAD type in any of its spellings.
    known
        Labels that the archive has besides `fixed_labels`: TNS gets new types.

    Raises
    ------
    InvalidRequest
        A label is none of ours; the nearest is named.
    """
    finkclasses: list[str] = []
    tnsclasses: list[str] = []
    others = {*fixed_labels(), *known}
    for label in labels:
        if _is_simbad(label):
            finkclasses.extend(spellings(label.removeprefix(SIMBAD)))
        elif label not in others:
            raise _unknown(label, others)
        elif label.startswith(TNS):
            tnsclasses.append(label)
        else:
            finkclasses.append(label.removeprefix(FINK))
    return WantedClasses(tuple(dict.fromkeys(finkclasses)), tuple(dict.fromkeys(tnsclasses)))


def _fink_labels() -> tuple[str, ...]:
    return (*(FINK + name for name in FINK_CLASSES), UNKNOWN)


def _is_simbad(label: str) -> bool:
    """Whether it names a SIMBAD type; which types there are is the archive's to say."""
    name = label.removeprefix(SIMBAD)
    return label.startswith(SIMBAD) and name.strip() != "" and name not in (*FINK_CLASSES, UNKNOWN)


def _unknown(label: str, others: Collection[str]) -> InvalidRequest:
    in_order = sorted(others, reverse=True)
    known = {each.lower(): each for each in in_order}
    bare = {each.split(") ", 1)[-1].lower(): each for each in in_order}
    near = bare.get(label.removeprefix(SIMBAD).lower()) or next(
        (known[match] for match in difflib.get_close_matches(label.lower(), known, n=1, cutoff=0.4)), None
    )
    hint = f"Did you mean {near}?" if near else "Labels begin with (Fink), (SIMBAD) or (TNS), or are Unknown."
    return InvalidRequest(f"There is no class {label!r}.", hint)
