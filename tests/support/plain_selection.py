"""A selection of alerts as plain Python makes it, apart from Spark: what the job must send."""

from __future__ import annotations

from typing import Any

CLASSES = ("(Fink) Solar System MPC", "(SIMBAD) RRLyr")
CONDITION = "candidate.magpsf > 18;"
DETECTION_FIELDS = (
    *("magpsf", "sigmapsf", "fid", "jd", "ra", "dec", "ssnamenr"),
    *("magnr", "sigmagnr", "magzpsci", "isdiffpos", "diffmaglim", "distnr"),
)
NOT_IN_LIGHT = {"candidate", "prv_candidates", "cutoutScience", "cutoutTemplate", "cutoutDifference"}


def selected(alerts: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
    """The alerts of `CLASSES` that fulfil `CONDITION`, each with its class."""
    found = []
    for alert in alerts:
        is_known_moving = alert["roid"] == 3 and not (alert["mulens"] or 0) > 0
        is_moving = is_known_moving and (
            alert["cdsxmatch"] in ("Unknown", "Transient") or alert["cdsxmatch"].startswith(("Fail", "Galaxy"))
        )
        finkclass = "Solar System MPC" if is_moving else alert["cdsxmatch"]
        if finkclass in ("Solar System MPC", "RRLyr") and alert["candidate"]["magpsf"] > 18:
            found.append((alert, finkclass))
    return found


def light(alert: dict[str, Any], finkclass: str) -> dict[str, Any]:
    """What the content lightcurve sends of an alert."""
    return {
        "objectId": alert["objectId"],
        "candid": alert["candid"],
        **{name: alert["candidate"][name] for name in DETECTION_FIELDS},
        **{name: value for name, value in alert.items() if name not in NOT_IN_LIGHT},
        "finkclass": finkclass,
        "tnsclass": "Unknown",
    }
