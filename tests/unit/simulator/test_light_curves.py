"""Light curves: transients rise and decline in their time, variables come back after a period."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.kinds import Kind
from simulator.light_curves import Sources, difference_flux, period_d
from simulator.random_keys import keys_of

OBJECTS = 40
FIRST_NIGHT = 2800
FIRST_JD = 2457754.5 + FIRST_NIGHT


def _sources(kind: Kind) -> Sources:
    zeros = np.zeros(OBJECTS)
    whole = np.zeros(OBJECTS, dtype=np.int64)
    return Sources(
        kind=np.full(OBJECTS, int(kind)),
        keys=keys_of(5, np.arange(OBJECTS), int(kind)),
        uid=np.arange(OBJECTS),
        first_night=np.full(OBJECTS, FIRST_NIGHT),
        field_index=whole,
        x_deg=zeros,
        y_deg=zeros,
        ra_deg=zeros,
        dec_deg=zeros,
        reference_mag=np.full(OBJECTS, 17.0),
    )


def _curves(kind: Kind, days: np.ndarray, fid: int = 2) -> np.ndarray:
    """Difference flux; axes: object, time."""
    sources = _sources(kind)
    band = np.full(OBJECTS, fid)
    return np.array([difference_flux(sources, np.full(OBJECTS, FIRST_JD + day), band) for day in days]).T


@pytest.mark.parametrize(
    ("kind", "rise_d", "fall_d"),
    [
        (Kind.SUPERNOVA_IA, (14, 22), (18, 30)),
        (Kind.SUPERNOVA_II, (2, 14), (45, 110)),
        (Kind.KILONOVA, (0.2, 1.5), (1, 3)),
    ],
)
def test_transient_rises_and_declines_in_its_time(
    kind: Kind, rise_d: tuple[float, float], fall_d: tuple[float, float]
) -> None:
    days = np.arange(-20.0, 150.0, 0.25)
    curves = _curves(kind, days)
    assert np.all(curves[:, days < 2] == 0)
    peak = curves.argmax(axis=1)
    start = (curves > 0).argmax(axis=1)
    rise = days[peak] - days[start]
    assert np.all((rise >= rise_d[0]) & (rise <= rise_d[1]))
    # Time from the maximum to half of it.
    after = np.arange(len(days))[None, :] > peak[:, None]
    half = (after & (curves < 0.5 * curves.max(axis=1)[:, None])).argmax(axis=1)
    fall = days[half] - days[peak]
    assert np.all((fall >= fall_d[0]) & (fall <= fall_d[1]))


def test_blue_light_of_a_supernova_fades_first() -> None:
    days = np.arange(0.0, 60.0)
    ratio = _curves(Kind.SUPERNOVA_IA, days, 1)[:, 45] / _curves(Kind.SUPERNOVA_IA, days, 2)[:, 45]
    assert np.all(ratio < 0.8)


@pytest.mark.parametrize("kind", [Kind.RR_LYRAE, Kind.ECLIPSING_BINARY, Kind.LONG_PERIOD_VARIABLE, Kind.PULSATOR])
def test_variable_repeats_after_its_period(kind: Kind) -> None:
    sources, band = _sources(kind), np.full(OBJECTS, 2)
    jd = np.full(OBJECTS, FIRST_JD + 0.3)
    now, later = difference_flux(sources, jd, band), difference_flux(sources, jd + 3 * period_d(sources), band)
    between = difference_flux(sources, jd + 2.37 * period_d(sources), band)
    assert np.allclose(now, later, rtol=1e-3, atol=1e-3 * np.abs(now).max())
    assert not np.allclose(now, between, rtol=1e-2)


def test_microlensing_is_symmetric_and_the_same_in_all_bands() -> None:
    days = np.arange(0.0, 120.0, 0.05)
    red, green = _curves(Kind.MICROLENSING, days, 2), _curves(Kind.MICROLENSING, days, 1)
    assert np.allclose(red / red.max(axis=1)[:, None], green / green.max(axis=1)[:, None])
    for curve in red:
        peak = int(curve.argmax())
        assert np.allclose(curve[peak - 400 : peak], curve[peak + 400 : peak : -1], rtol=0.06)


def test_nothing_of_its_own_has_no_light_curve() -> None:
    assert np.all(_curves(Kind.EMPTY, np.arange(5.0)) == 0)
