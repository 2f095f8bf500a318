"""Random numbers that are functions of what they belong to, not of the order in which they were drawn.

A number is a hash of keys (seed, object, night, …) and of the name of the quantity. So an object has the same
brightness at the same visit whether it is asked for as tonight's alert or as next week's history, in whichever
process, and whichever other nights are made.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def _scramble(keys: Keys) -> Keys:
    """SplitMix64's finaliser: each input bit moves each output bit."""
    scrambled = keys + _GOLDEN
    scrambled ^= scrambled >> np.uint64(30)
    scrambled *= _MIX_1
    scrambled ^= scrambled >> np.uint64(27)
    scrambled *= _MIX_2
    scrambled ^= scrambled >> np.uint64(31)
    return scrambled


def keys_of(*parts: npt.ArrayLike) -> Keys:
    """One key per element for the combination of integer parts, broadcast against each other."""
    combined: Keys = np.zeros(1, dtype=np.uint64)
    for part in parts:
        values = np.atleast_1d(np.asarray(part))
        combined = _scramble(combined * _MIX_2 + values.astype(np.uint64))
    return combined


def _named(keys: Keys, name: str) -> Keys:
    salt = zlib.crc32(name.encode()) * int(_GOLDEN) % 2**64
    return _scramble(keys ^ np.uint64(salt))


def uniform(keys: Keys, name: str, low: float | Floats = 0.0, high: float | Floats = 1.0) -> Floats:
    """Uniform numbers in [low, high), one per key."""
    unit = (_named(keys, name) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return low + unit * (high - low)


def quick_uniforms(keys: Keys, name: str) -> tuple[Floats, Floats, Floats, Floats]:
    """Four independent uniforms of 16 bits for the price of one: for quantities whose tails do not matter."""
    bits = _named(keys, name)
    mask = np.uint64(0xFFFF)
    first, second, third, fourth = (
        ((bits >> np.uint64(shift)) & mask).astype(np.float64) * 2.0**-16 for shift in (0, 16, 32, 48)
    )
    return first, second, third, fourth


def normal(keys: Keys, name: str) -> Floats:
    """Standard normal numbers, one per key (Box-Muller on the two halves of a hash)."""
    bits = _named(keys, name)
    radius = ((bits >> np.uint64(32)).astype(np.float64) + 1.0) * 2.0**-32
    angle = (bits & np.uint64(0xFFFFFFFF)).astype(np.float64) * (2.0 * np.pi * 2.0**-32)
    return np.sqrt(-2.0 * np.log(radius)) * np.cos(angle)


def integers(keys: Keys, name: str, count: int) -> Ints:
    """Whole numbers in [0, count), one per key."""
    return (uniform(keys, name) * count).astype(np.int64)


def choose(keys: Keys, name: str, weights: npt.ArrayLike) -> Ints:
    """Indices drawn with the given weights, one per key."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], uniform(keys, name), side="right").clip(0, len(edges) - 1)
