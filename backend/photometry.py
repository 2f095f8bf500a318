"""What a difference magnitude says of the object: its apparent magnitude and its flux, with errors.

The difference flux is that of the image minus that of the reference image; the object's own flux is the sum of the
difference and its source in the reference. This is how the ZTF Science Data System Explanatory Supplement has it
(https://irsa.ipac.caltech.edu/data/ZTF/docs/ztf_explanatory_supplement.pdf, p. 107 as Fink cites it) and, after it, the
functions ``dc_mag`` of Fink and Lasair. The errors of difference and reference count as independent.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from backend.light_curve import Detection, UpperLimit

AB_ZERO_UJY = 3_631e6
"""Flux of magnitude 0 in microjansky: 3631 Jy (Oke and Gunn 1983, ApJ 266, 713)."""
MAG_PER_RELATIVE_FLUX = 2.5 / math.log(10)
"""1.0857: the error in magnitudes for a small relative error of the flux."""
OWN_REFERENCE_ARCSEC = 1.4
"""A reference source further away is a neighbour or the host, not the object: so far ALeRCE corrects magnitudes
(Förster et al. 2021, AJ 161, 242)."""


class Measured(NamedTuple):
    """A value and its standard error, in the same unit."""

    value: float
    error: float


def flux_of_magnitude_ujy(magnitude_mag: float) -> float:
    """Flux of an AB magnitude."""
    return AB_ZERO_UJY * math.pow(10, -0.4 * magnitude_mag)


def magnitude_of_flux_mag(flux_ujy: float) -> float | None:
    """AB magnitude of a flux; None for one that is not positive."""
    return -2.5 * math.log10(flux_ujy / AB_ZERO_UJY) if flux_ujy > 0 else None


def difference_flux_ujy(detection: Detection) -> Measured | None:
    """Flux minus the reference's: negative where the object was fainter than there; None without a sign."""
    if detection.is_positive is None:
        return None
    flux_ujy = flux_of_magnitude_ujy(detection.magnitude_mag)
    error_ujy = flux_ujy * detection.error_mag / MAG_PER_RELATIVE_FLUX
    return Measured(flux_ujy if detection.is_positive else -flux_ujy, error_ujy)


def apparent_magnitude_mag(detection: Detection) -> Measured | None:
    """Magnitude of reference and difference together.

    Returns
    -------
    Measured or None
        None where the alert names no reference or no sign, or where the sum is not positive (the reference source is
        then not the object's own, or noise took all of it).
    """
    difference = difference_flux_ujy(detection)
    if difference is None or detection.reference_mag is None:
        return None
    reference_ujy = flux_of_magnitude_ujy(detection.reference_mag)
    reference_error_ujy = reference_ujy * (detection.reference_error_mag or 0.0) / MAG_PER_RELATIVE_FLUX
    total_ujy = reference_ujy + difference.value
    magnitude_mag = magnitude_of_flux_mag(total_ujy)
    if magnitude_mag is None:
        return None
    error_ujy = math.hypot(difference.error, reference_error_ujy)
    return Measured(magnitude_mag, MAG_PER_RELATIVE_FLUX * error_ujy / total_ujy)


def apparent_limit_mag(limit: UpperLimit, reference_mag: float | None) -> float | None:
    """The magnitude that a visit without detection was not brighter than: the reference and what could hide beside it.

    Parameters
    ----------
    reference_mag
        Magnitude of the reference source in the limit's band.
    """
    if reference_mag is None:
        return None
    return magnitude_of_flux_mag(flux_of_magnitude_ujy(reference_mag) + flux_of_magnitude_ujy(limit.limit_mag))
