"""What the survey's pipeline measures on a difference image: the columns of a detection, now or in a history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.arrow_columns import AnyArray
from simulator.kinds import IS_STAR, Kind
from simulator.light_curves import Sources, difference_flux, flux_of_mag, mag_of_flux, reference_mag_in
from simulator.random_keys import Floats, Keys, keys_of, normal, quick_uniforms, uniform
from simulator.survey import FIELD_WIDTH_DEG, QUADRANT_PIXELS, Exposures

DETECTION_SNR = 5.0
_SYSTEMATIC_ERROR = 0.015
_SEEN_ONCE = (Kind.EMPTY, *(kind for kind in Kind if kind >= Kind.ASTEROID))


@dataclass(frozen=True)
class Photometry:
    """Difference photometry, one element an exposure of an object."""

    keys: Keys
    flux: Floats
    flux_error: Floats

    @property
    def detected(self) -> npt.NDArray[np.bool_]:
        """Whether the survey sends an alert."""
        return np.abs(self.flux) > DETECTION_SNR * self.flux_error

    def take(self, rows: AnyArray) -> Photometry:
        """The given elements."""
        return Photometry(self.keys[rows], self.flux[rows], self.flux_error[rows])


def quadrant_of(x_deg: Floats, y_deg: Floats) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    """Readout channel (``rcid``) and pixel of an offset within a field."""
    columns = np.clip((x_deg / FIELD_WIDTH_DEG + 0.5) * 8.0, 0.0, 7.9999)
    rows = np.clip((y_deg / FIELD_WIDTH_DEG + 0.5) * 8.0, 0.0, 7.9999)
    rcid = rows.astype(np.int64) * 8 + columns.astype(np.int64)
    return rcid, columns % 1.0 * QUADRANT_PIXELS, rows % 1.0 * QUADRANT_PIXELS


def photometry_of(sources: Sources, exposures: Exposures) -> Photometry:
    """Measure each object on its exposure, noise included."""
    keys = keys_of(sources.keys, exposures.keys)
    true_flux = difference_flux(sources, exposures.jd, exposures.fid)
    noise = flux_of_mag(exposures.diffmaglim) / DETECTION_SNR
    error = np.hypot(noise, _SYSTEMATIC_ERROR * true_flux)
    return Photometry(keys, true_flux + error * normal(keys, "noise"), error)


def photometry_of_fillers(sources: Sources, exposures: Exposures) -> Photometry:
    """Measure what is seen once: always detected, most of it not far from the limit."""
    keys = keys_of(sources.keys, exposures.keys)
    is_asteroid = (sources.kind >= Kind.ASTEROID) & (sources.kind <= Kind.LENS_ON_ASTEROID)
    usual_mag = 16.2 + 4.6 * uniform(sources.keys, "asteroid mag") ** 0.5 + 0.15 * normal(keys, "rotation")
    above_limit = np.minimum(-0.8 * np.log(1.0 - uniform(keys, "height")), 4.5)
    mag = np.where(is_asteroid, usual_mag, exposures.diffmaglim - 0.1 - above_limit)
    mag = np.minimum(mag, exposures.diffmaglim - 0.1 - 0.3 * uniform(keys, "margin"))
    sign = np.where(~is_asteroid & (uniform(keys, "sign") < 0.35), -1.0, 1.0)
    flux = flux_of_mag(mag)
    error = np.hypot(flux_of_mag(exposures.diffmaglim) / DETECTION_SNR, _SYSTEMATIC_ERROR * flux)
    return Photometry(keys, sign * flux, error)


def host_offset_arcsec(sources: Sources) -> Floats:
    """Distance of an object from the source in the reference image that it is matched with."""
    near = np.abs(normal(sources.keys, "centring")) * 0.35 + 0.06
    host = np.exp(0.9 + 0.8 * normal(sources.keys, "host offset")).clip(0.2, 28.0)
    passing = 14.0 * np.sqrt(uniform(sources.keys, "passing"))
    is_core = IS_STAR[sources.kind] | (sources.kind == Kind.ACTIVE_GALAXY)
    is_passing = (sources.kind >= Kind.ASTEROID) & (sources.kind <= Kind.LENS_ON_ASTEROID)
    return np.select([is_passing, is_core], [passing, near], host)


def detection_columns(sources: Sources, exposures: Exposures, photometry: Photometry) -> dict[str, AnyArray]:
    """The numeric columns that a detection has in the packet and in a history alike, by name."""
    keys = photometry.keys
    snr = np.abs(photometry.flux) / photometry.flux_error
    mag = mag_of_flux(np.abs(photometry.flux))
    sigma = 1.0857 / snr
    reference_mag = reference_mag_in(sources, exposures.fid)
    _, xpos, ypos = quadrant_of(sources.x_deg, sources.y_deg)
    one = quick_uniforms(keys, "detection 1")
    two = quick_uniforms(keys, "detection 2")
    three = quick_uniforms(keys, "detection 3")
    four = quick_uniforms(keys, "detection 4")
    fixed = quick_uniforms(sources.keys, "reference source")
    spread_deg = np.minimum(0.05 + 0.9 / snr, 0.4) / 3600.0
    dec_deg = sources.dec_deg + spread_deg * normal(keys, "dec")
    ra_deg = sources.ra_deg + spread_deg * normal(keys, "ra") / np.cos(np.radians(sources.dec_deg))
    xpos = np.clip(xpos + 20.0 * (one[0] - 0.5), 1.0, QUADRANT_PIXELS)
    ypos = np.clip(ypos + 20.0 * (one[1] - 0.5), 1.0, QUADRANT_PIXELS)
    offset = host_offset_arcsec(sources)
    angle = 2.0 * np.pi * fixed[0]
    aperture_mag = mag + 0.25 * (one[2] - 0.45) * (0.4 + 4.0 * sigma)
    is_bogus = sources.kind == Kind.BOGUS
    aimage = 0.6 + 0.4 * two[0]
    elong = 1.0 + 0.35 * two[1] ** 2 + 0.3 * is_bogus
    return {
        "xpos": xpos,
        "ypos": ypos,
        "ra": np.round(ra_deg % 360.0, 7),
        "dec": np.round(dec_deg, 7),
        "magpsf": mag,
        "sigmapsf": sigma,
        "chipsf": np.exp(0.4 + 1.6 * one[3] ** 2 + 0.1 * np.sqrt(snr)),
        "magap": aperture_mag,
        "sigmagap": sigma * (0.4 + 1.4 * two[2]),
        "distnr": np.abs(offset + 0.1 * (two[3] - 0.5)),
        "magnr": reference_mag,
        "sigmagnr": np.clip(0.012 + 0.012 * fixed[1] + 10.0 ** (0.35 * (reference_mag - 23.5)), 0.011, 0.36),
        "chinr": 0.3 + 0.9 * fixed[2] + 6.0 * (~IS_STAR[sources.kind]) * fixed[3] ** 3,
        "sharpnr": 0.2 * (fixed[3] - 0.6) + 0.5 * (~IS_STAR[sources.kind]) * fixed[2],
        "sky": 1.6 * (three[0] + three[1] - 1.0) * (1.0 + 0.1 * snr),
        "magdiff": aperture_mag - mag,
        "fwhm": 1.3 + 1.9 * three[2] ** 1.5,
        "classtar": np.where(is_bogus, three[3], 1.0 - 0.3 * three[3] ** 4),
        "mindtoedge": np.minimum(np.minimum(xpos, ypos), QUADRANT_PIXELS - np.maximum(xpos, ypos)),
        "magfromlim": exposures.diffmaglim - aperture_mag,
        "seeratio": np.where(four[0] < 0.35, 2.0, 0.7 + 0.9 * four[0]),
        "aimage": aimage,
        "bimage": aimage / elong,
        "aimagerat": aimage / (1.4 + 1.2 * three[2]),
        "bimagerat": aimage / elong / (1.4 + 1.2 * three[2]),
        "elong": elong,
        "nneg": (9.0 * four[1] ** 1.5).astype(np.int32),
        "nbad": np.where(is_bogus & (four[2] < 0.2), 1, 0),
        "rb": np.round(np.where(is_bogus, 0.55 + 0.3 * four[3] ** 2, 0.6 + 0.4 * np.sqrt(four[3])) * 140) / 140,
        "sumrat": np.minimum(1.0, 0.75 + 0.5 * np.sqrt(one[0] * two[1] + 0.15) + 0.05 * three[0]),
        "magapbig": aperture_mag + 0.1 * (four[2] - 0.5) * (0.3 + sigma),
        "sigmagapbig": sigma * (0.5 + 1.7 * two[2]),
        "ranr": np.round(
            (sources.ra_deg + offset / 3600.0 * np.cos(angle) / np.cos(np.radians(sources.dec_deg))) % 360.0, 7
        ),
        "decnr": np.round(sources.dec_deg + offset / 3600.0 * np.sin(angle), 7),
        "scorr": snr * (0.95 + 0.3 * four[0]),
    }


def calibration_columns(exposures: Exposures) -> dict[str, AnyArray]:
    """The columns that describe the exposure's calibration; upper limits have them too."""
    one = quick_uniforms(keys_of(exposures.keys, exposures.rcid), "calibration")
    return {
        "magzpsci": exposures.zero_point,
        "magzpsciunc": 10.0 ** (-5.6 + 1.8 * one[0] ** 2),
        "magzpscirms": 0.02 + 0.05 * one[1] ** 2,
        "clrcoeff": np.choose(exposures.fid - 1, (-0.05, 0.09, 0.02)) + 0.03 * (one[2] - 0.5),
        "clrcounc": 10.0 ** (-5.3 + 1.6 * one[0] ** 2),
    }
