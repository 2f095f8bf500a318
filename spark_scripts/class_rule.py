"""The class of an alert, ``finkclass``, as one expression that Spark compiles: no Python per row.

The rule is the community's (fink-filters, ``fink_filters.ztf.classification``; Möller et al. 2021,
https://doi.org/10.1093/mnras/staa3602). A null, a NaN or an absent input counts as "no": it never fires a rule.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_scripts.archive import field_sql, field_type

UNKNOWN = "Unknown"

EXTRAGALACTIC_HOSTS = (
    "BClG", "BlueCompG", "Candidate_SN*", "ClG", "Compact_Gr_G", "EmG", "Fail", "Fail 504", "Galaxy", "GinCl",
    "GinGroup", "GinPair", "GravLens_Candidate", "GroupG", "HII_G", "High_z_G", "IG", "LINER", "LSB_G", "PairG",
    "PartofG", "Possible_ClG", "Possible_SClG", "SN", "SN*_Candidate", "Seyfert", "Seyfert_1", "Seyfert_2",
    "StarburstG", "SuperClG", "Transient", "Unknown", "Void", "galaxy",
)  # fmt: skip
"""SIMBAD labels (and failures of the cross-match) that do not speak against an extragalactic host."""

INPUTS = {
    "cdsxmatch": "string",
    "roid": "int",
    "mulens": "double",
    "snn_snia_vs_nonia": "double",
    "snn_sn_vs_all": "double",
    "rf_snia_vs_nonia": "double",
    "rf_kn_vs_nonkn": "double",
    "tracklet": "string",
    "candidate.ndethist": "int",
    "candidate.drb": "double",
    "candidate.classtar": "double",
    "candidate.jd": "double",
    "candidate.jdstarthist": "double",
}
"""Each input of the rule with the Spark SQL type that it is read as."""


def finkclass(frame: DataFrame) -> Column:
    """Return the expression of ``finkclass`` over the columns that `frame` has.

    Parameters
    ----------
    frame
        Alerts with any subset of `INPUTS`; an input that is absent, or is a struct where a number is due
        (``mulens`` in 2019-2020), counts as null.

    Returns
    -------
    Column
        String, never null.
    """
    value = {path: _input(frame, path, spark_type) for path, spark_type in INPUTS.items()}
    return F.expr(_case_expression(value))


def _input(frame: DataFrame, path: str, spark_type: str) -> str:
    """The SQL of one input, with NaN as null."""
    found = field_type(frame, path)
    if found is None or found.typeName() in ("struct", "map", "array"):
        return f"CAST(NULL AS {spark_type})"
    name = field_sql(frame, path)
    if spark_type == "double":
        return f"nanvl(CAST({name} AS double), CAST(NULL AS double))"
    return f"CAST({name} AS {spark_type})"


def _case_expression(value: dict[str, str]) -> str:
    """The rule's nine steps: a later one wins, so the CASE asks for them from the last to the first."""
    hosts = ", ".join(f"'{label}'" for label in EXTRAGALACTIC_HOSTS)
    host = f"{value['cdsxmatch']} IN ({hosts})"
    good_source = f"{value['candidate.drb']} > 0.5 AND {value['candidate.classtar']} > 0.4"
    supernova_score = f"({value['snn_snia_vs_nonia']} > 0.5 OR {value['snn_sn_vs_all']} > 0.5)"
    age_d = f"({value['candidate.jd']} - {value['candidate.jdstarthist']})"
    detections, roid = value["candidate.ndethist"], value["roid"]

    microlensing = f"{value['mulens']} > 0"
    supernova = f"{supernova_score} AND {host} AND {age_d} <= 90 AND {good_source} AND {roid} != 3 AND {detections} > 1"
    early_supernova = (
        f"{supernova_score} AND {value['rf_snia_vs_nonia']} > 0.5 AND {detections} <= 20 AND {good_source} AND {host}"
    )
    kilonova = (
        f"{value['rf_kn_vs_nonkn']} > 0.5 AND {good_source} AND {age_d} < 5 AND {detections} < 20"
        f" AND {roid} != 3 AND {host}"
    )
    moving, known_moving = f"{roid} = 2", f"{roid} = 3"
    flags = " + ".join(f"IF({rule}, 1, 0)" for rule in (microlensing, supernova, moving, known_moving))
    simbad = (
        f"{value['cdsxmatch']} NOT IN ('Unknown', 'Transient')"
        f" AND NOT startswith({value['cdsxmatch']}, 'Fail') AND NOT startswith({value['cdsxmatch']}, 'Galaxy')"
    )
    steps = (
        (simbad, value["cdsxmatch"]),
        (f"{flags} > 1", "'Ambiguous'"),
        (known_moving, "'Solar System MPC'"),
        (f"startswith({value['tracklet']}, 'TRCK_')", "'Tracklet'"),
        (moving, "'Solar System candidate'"),
        (kilonova, "'Kilonova candidate'"),
        (early_supernova, "'Early SN Ia candidate'"),
        (supernova, "'SN candidate'"),
        (microlensing, "'Microlensing candidate'"),
    )
    whens = " ".join(f"WHEN {rule} THEN {label}" for rule, label in steps)
    return f"CASE {whens} ELSE '{UNKNOWN}' END"
