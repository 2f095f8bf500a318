"""Positions as astronomers write them."""

from __future__ import annotations

import socket

import pytest

from backend.sky_position import SkyPosition

CRAB = SkyPosition(83.63308, 22.0145)


def test_a_position_in_each_notation() -> None:
    assert CRAB.degrees == "83.633080 +22.014500"
    assert CRAB.sexagesimal == "05:34:31.94 +22:00:52.20"
    longitude, latitude = (float(part) for part in CRAB.galactic.split())
    assert abs(longitude - 184.5574) < 1e-3
    assert abs(latitude + 5.7843) < 1e-3


def test_a_southern_position_keeps_its_sign() -> None:
    assert SkyPosition(0.5, -0.25).sexagesimal == "00:02:00.00 -00:15:00.00"


def test_links_carry_the_position() -> None:
    assert "Coord=83.633080+%2B22.014500" in CRAB.simbad_url
    assert "ra=83.63308&decl=22.0145" in CRAB.tns_url


@pytest.mark.parametrize(
    ("position", "constellation", "latitude_deg"),
    [
        (CRAB, "Taurus", 5.7843),
        (SkyPosition(10.6847, 41.2688), "Andromeda", 21.5733),
        (SkyPosition(256.777226, -3.532315), "Ophiuchus", 21.2511),
    ],
)
def test_constellation_and_galactic_latitude_need_no_network(
    monkeypatch: pytest.MonkeyPatch, position: SkyPosition, constellation: str, latitude_deg: float
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("It asks the network.")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert position.constellation == constellation
    assert position.from_galactic_plane_deg == pytest.approx(latitude_deg, abs=1e-3)
