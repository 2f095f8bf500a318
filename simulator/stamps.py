"""Cutouts: gzipped FITS images of 63 x 63 pixels of the science, the template and the difference image."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulator import arrow_columns as columns
from simulator.arrow_columns import AnyArray, ArrowArray
from simulator.candidates import Alerts
from simulator.file_names import stamp_files
from simulator.kinds import IS_STAR
from simulator.light_curves import flux_of_mag, mag_of_flux
from simulator.random_keys import Floats, Ints, Keys, choose, integers, keys_of, normal, uniform
from simulator.schema import CUTOUT

STAMP_PIXELS = 63
STAMP_COLUMNS = ("cutoutScience", "cutoutTemplate", "cutoutDifference")
_BRIGHTEST_MAG, _MAG_STEP, _MAG_BINS = 15.0, 0.5, 12
_LOOKS = 3
"""On the reference source, beside a host galaxy, on empty sky."""
_VARIANTS = 2
POOL_SIZE = _MAG_BINS * 2 * _LOOKS * _VARIANTS
_COUNTS_PER_FLUX = 20.0
_GZIP_LEVEL = 4


def _fits_header() -> bytes:
    """A minimal valid header, padded to a block."""
    cards = ("SIMPLE", "T"), ("BITPIX", "-32"), ("NAXIS", "2"), ("NAXIS1", "63"), ("NAXIS2", "63")
    text = "".join(f"{name:8}= {value:>20}".ljust(80) for name, value in cards)
    text += "BUNIT   = 'DN      '".ljust(80) + "END".ljust(80)
    return text.ljust(2880).encode("ascii")


_HEADER = _fits_header()
_PADDING = bytes(-(STAMP_PIXELS**2 * 4) % 2880)


def encode_stamp(image: AnyArray) -> bytes:
    """A gzipped FITS file with the image, the same bytes for the same pixels."""
    return gzip.compress(_HEADER + image.astype(">f4").tobytes() + _PADDING, compresslevel=_GZIP_LEVEL, mtime=0)


@dataclass(frozen=True)
class Scenes:
    """What stamps show, as parallel arrays."""

    keys: Keys
    difference_flux: Floats
    reference_mag: Floats
    offset_pixels: Floats
    is_extended: npt.NDArray[np.bool_]


def _profile(centre_x: Floats, centre_y: Floats, width: Floats, is_extended: AnyArray) -> AnyArray:
    """Unit-flux images: a point source, or a galaxy with an exponential disc."""
    y, x = np.mgrid[0:STAMP_PIXELS, 0:STAMP_PIXELS] - STAMP_PIXELS // 2
    distance = np.hypot(x - centre_x[:, None, None], y - centre_y[:, None, None])
    width = width[:, None, None]
    point = np.exp(-0.5 * (distance / width) ** 2) / (2.0 * np.pi * width**2)
    disc: AnyArray = np.exp(-distance / (2.0 * width)) / (8.0 * np.pi * width**2)
    return np.where(is_extended[:, None, None], disc, point)


def render(scenes: Scenes) -> dict[str, AnyArray]:
    """The three images of each scene, by column."""
    count = len(scenes.keys)
    width = uniform(scenes.keys, "seeing", 0.85, 1.3)
    angle = uniform(scenes.keys, "angle", 0.0, 2.0 * np.pi)
    source = _profile(np.zeros(count), np.zeros(count), width, np.zeros(count, dtype=bool))
    host = _profile(
        scenes.offset_pixels * np.cos(angle), scenes.offset_pixels * np.sin(angle), width, scenes.is_extended
    )
    pixels = keys_of(scenes.keys[:, None, None], np.arange(STAMP_PIXELS**2).reshape(STAMP_PIXELS, STAMP_PIXELS))
    sky_noise = uniform(scenes.keys, "sky noise", 8.0, 16.0)[:, None, None]
    template = 100.0 + flux_of_mag(scenes.reference_mag)[:, None, None] * _COUNTS_PER_FLUX * host
    difference = scenes.difference_flux[:, None, None] * _COUNTS_PER_FLUX * source
    images = {
        "cutoutScience": template + difference + sky_noise * normal(pixels, "science"),
        "cutoutTemplate": template + 0.35 * sky_noise * normal(pixels, "template"),
        "cutoutDifference": difference + sky_noise * normal(pixels, "difference"),
    }
    # The reference image does not reach over the edge of the detector: no pixels there.
    missing = np.where(uniform(scenes.keys, "edge") < 0.2, 1 + integers(scenes.keys, "missing", 12), 0)
    outside = np.arange(STAMP_PIXELS)[None, :] < missing[:, None]
    for image in images.values():
        image[np.broadcast_to(outside[:, None, :], image.shape)] = np.nan
    return images


def _encode_all(scenes: Scenes) -> dict[str, list[bytes]]:
    return {column: [encode_stamp(image) for image in images] for column, images in render(scenes).items()}


def make_pool(seed: int) -> dict[str, ArrowArray]:
    """Stamps for each magnitude bin, sign and look, by column; drawn from with ``pool_index``."""
    index = np.arange(POOL_SIZE)
    look = index // _VARIANTS % _LOOKS
    sign = np.where(index // (_VARIANTS * _LOOKS) % 2 == 0, 1.0, -1.0)
    mag = _BRIGHTEST_MAG + _MAG_STEP * (0.5 + (index // (_VARIANTS * _LOOKS * 2)).astype(np.float64))
    keys = keys_of(seed, index, 99)
    scenes = Scenes(
        keys=keys,
        difference_flux=sign * flux_of_mag(mag),
        reference_mag=np.select([look == 0, look == 1], [mag - 1.0, np.full(POOL_SIZE, 17.5)], 22.0),
        offset_pixels=np.where(look == 0, 0.1, 1.0) * uniform(keys, "offset", 0.5, 5.0),
        is_extended=look == 1,
    )
    return {column: pa.array(stamps, pa.binary()) for column, stamps in _encode_all(scenes).items()}


def pool_index(alerts: Alerts) -> Ints:
    """Which stamp of the pool fits each alert."""
    mag = mag_of_flux(np.abs(alerts.photometry.flux))
    mag_bin = np.clip((mag - _BRIGHTEST_MAG) / _MAG_STEP, 0, _MAG_BINS - 1).astype(np.int64)
    sign = np.where(alerts.photometry.flux > 0, 0, 1)
    beside_nothing = choose(alerts.keys, "look", [0.0, 0.6, 0.4])
    look = np.where(IS_STAR[alerts.sources.kind], 0, beside_nothing)
    variant = integers(alerts.keys, "stamp", _VARIANTS)
    return ((mag_bin * 2 + sign) * _LOOKS + look) * _VARIANTS + variant


def _distinct(alerts: Alerts) -> dict[str, ArrowArray]:
    is_star = IS_STAR[alerts.sources.kind]
    scenes = Scenes(
        keys=alerts.keys,
        difference_flux=alerts.photometry.flux,
        reference_mag=alerts.sources.reference_mag,
        offset_pixels=np.where(is_star, 0.1, 4.0) * uniform(alerts.keys, "offset"),
        is_extended=~is_star,
    )
    parts: dict[str, list[bytes]] = {column: [] for column in STAMP_COLUMNS}
    for start in range(0, len(scenes.keys), 200):
        part = slice(start, start + 200)
        few = Scenes(*(values[part] for values in vars(scenes).values()))
        for column, stamps in _encode_all(few).items():
            parts[column] += stamps
    return {column: pa.array(stamps, pa.binary()) for column, stamps in parts.items()}


def stamp_columns(alerts: Alerts, pool: dict[str, ArrowArray] | None, *, distinct: bool) -> dict[str, ArrowArray]:
    """The three cutout columns; without a pool and not distinct, their content is null."""
    if distinct:
        stamps = _distinct(alerts)
    elif pool is not None:
        drawn = pool_index(alerts)
        stamps = {column: columns.picked(pool[column], drawn) for column in STAMP_COLUMNS}
    else:
        stamps = {column: pa.nulls(len(alerts.keys), pa.binary()) for column in STAMP_COLUMNS}
    names = stamp_files(alerts.candid, alerts.exposures.pid)
    return {
        column: columns.struct_of(CUTOUT, {"fileName": names[column], "stampData": stamps[column]})
        for column in STAMP_COLUMNS
    }
