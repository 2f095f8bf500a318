"""A position on the sky, in the ways that astronomers write it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from astropy.coordinates import SkyCoord, get_constellation

SIMBAD_URL = "https://simbad.cds.unistra.fr/simbad/sim-coo"
TNS_URL = "https://www.wis-tns.org/search"
SEARCH_RADIUS_ARCSEC = 2
_MISSPELLED = {
    "Chamaleon": "Chamaeleon",
    "Ophiucus": "Ophiuchus",
    "Pisces Austrinus": "Piscis Austrinus",
}
"""By astropy 8.0."""


@dataclass(frozen=True)
class SkyPosition:
    """Right ascension and declination, ICRS.

    Parameters
    ----------
    ra_deg, dec_deg
        In degrees.
    """

    ra_deg: float
    dec_deg: float

    @property
    def degrees(self) -> str:
        """Both in degrees: ``123.456789 -12.345678``."""
        return f"{self.ra_deg:.6f} {self.dec_deg:+.6f}"

    @property
    def sexagesimal(self) -> str:
        """Hours and degrees: ``08:13:49.63 -12:20:44.4``."""
        return str(self._coordinates.to_string("hmsdms", sep=":", precision=2, pad=True))

    @property
    def galactic(self) -> str:
        """Galactic longitude and latitude in degrees: ``233.61256 +12.05110``."""
        return f"{self._galactic.l.deg:.5f} {self._galactic.b.deg:+.5f}"

    @property
    def from_galactic_plane_deg(self) -> float:
        """How far it is from the galactic plane: galactic latitude without its sign."""
        return float(abs(self._galactic.b.deg))

    @property
    def constellation(self) -> str:
        """Name of the constellation, by the boundaries of the International Astronomical Union: ``Puppis``."""
        name = str(get_constellation(self._coordinates)).strip()
        return _MISSPELLED.get(name, name)

    @property
    def simbad_url(self) -> str:
        """The page of SIMBAD on what is known here."""
        query = {"Coord": self.degrees, "CooFrame": "ICRS", "Radius": SEARCH_RADIUS_ARCSEC, "Radius.unit": "arcsec"}
        return f"{SIMBAD_URL}?{urlencode(query)}"

    @property
    def tns_url(self) -> str:
        """The page of the Transient Name Server on what was reported here."""
        query = {"ra": self.ra_deg, "decl": self.dec_deg, "radius": SEARCH_RADIUS_ARCSEC, "coords_unit": "arcsec"}
        return f"{TNS_URL}?{urlencode(query)}"

    @cached_property
    def _coordinates(self) -> SkyCoord:
        return SkyCoord(self.ra_deg, self.dec_deg, unit="deg")

    @cached_property
    def _galactic(self) -> SkyCoord:
        return self._coordinates.galactic
