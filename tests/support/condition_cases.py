"""Conditions of every allowed function over every kind of field, those that users ask, and the mission's."""

from __future__ import annotations

DOUBLE, FLOAT, INT, LARGE = "mulens", "candidate.magpsf", "candidate.fid", "candidate.pid"
OTHER_DOUBLE, OTHER_FLOAT, OTHER_INT, OTHER_LARGE = "mag_rate", "candidate.distnr", "roid", "candidate.tblid"
TEXT, OTHER_TEXT = "cdsxmatch", "objectId"

OF_NUMBER = (
    *("{x}", "-{x}", "- -{x}", "abs({x})", "sqrt({x})", "cbrt({x})", "exp({x})", "ln({x})", "log({x})", "log10({x})"),
    *("log2({x})", "floor({x})", "ceil({x})", "ceiling({x})", "round({x})", "round({x}, 2)", "sign({x})"),
    *("signum({x})", "sin({x})", "cos({x})", "tan({x})", "asin({x})", "acos({x})", "atan({x})", "sinh({x})"),
    *("cosh({x})", "tanh({x})", "degrees({x})", "radians({x})", "CAST({x} AS INT)", "CAST({x} AS BIGINT)"),
    *("CAST({x} AS TINYINT)", "CAST({x} AS SMALLINT)", "CAST({x} AS FLOAT)", "CAST({x} AS DOUBLE)"),
    *("try_cast({x} AS INT)", "{x} / 0", "{x} * 7", "{x} - 1", "2 + {x}", "7 % {x}", "{x} % 7", "pmod({x}, 7)"),
    *("pmod({x}, -3)", "pow({x}, 2)", "pi() * {x}", "power({x}, 0.5)", "pow({x}, -1)", "log(3, {x})"),
    *("if({x} > 0, {x}, 2.5)", "CASE WHEN {x} > 1 THEN 1 ELSE {x} END", "nvl({x}, 1)", "ifnull({x}, 2.5)"),
    *("coalesce({x}, 7)", "nullif({x}, -999)", "greatest({x}, 1)", "least({x}, 2.5)"),
    *("CASE {x} WHEN 0 THEN 7 WHEN 1 THEN {x} END", "CASE WHEN {x} > 1 THEN 2 ELSE if({x} > 0, {x}, 2.5) END"),
)
OF_TWO_NUMBERS = (
    *("{x} + {y}", "{x} - {y}", "{x} * {y}", "{x} / {y}", "{x} % {y}", "mod({x}, {y})", "pmod({x}, {y})"),
    *("pow({x}, {y})", "atan2({x}, {y})", "log({x}, {y})", "greatest({x}, {y})", "least({x}, {y})"),
    *("coalesce({x}, {y})", "nullif({x}, {y})", "if({x} > {y}, {x}, {y})", "CASE {x} WHEN {y} THEN 1 ELSE {y} END"),
)
OF_TEXT = (
    *("{s}", "lower({s})", "lcase({s})", "upper({s})", "ucase({s})", "trim({s})", "ltrim({s})", "rtrim({s})"),
    *("substring({s}, 2)", "substring({s}, 0, 2)", "substr({s}, -3, 2)", "substring({s}, -30, 29)"),
    *("substring({s}, 3, -1)", "substring({s}, candidate.fid, roid)", "left({s}, 2)", "left({s}, -1)"),
    *("right({s}, 2)", "right({s}, candidate.fid)", "concat({s}, 'x')", "{s} || objectId", "replace({s}, 'a', 'bb')"),
    *("replace({s}, '', 'x')", "nvl({s}, 'none')", "nullif({s}, '')", "greatest({s}, 'b')"),
    *("CAST(CAST({s} AS BOOLEAN) AS STRING)", "CAST({s} AS STRING)", "substring({s}, -4)"),
    *("substring({s}, candidate.pid)", "substring({s}, 2, candidate.tblid)", "substring({s}, 1, 3000000000)"),
    *("left({s}, candidate.pid)", "right({s}, candidate.tblid)"),
)
INTEGER_OF_TEXT = ("length({s})", "char_length({s})", "instr({s}, 'b')", "instr({s}, '')", "CAST({s} AS INT)")
REAL_OF_TEXT = ("CAST({s} AS DOUBLE)", "CAST({s} AS FLOAT)", "try_cast({s} AS DOUBLE)")
OF_ANY = (
    *("{x} IS NULL", "{x} IS NOT NULL", "isnan({x})", "{x} = {y}", "{x} <> {y}", "{x} != 1", "{x} == 19.5"),
    *("{x} <= {y}", "{x} BETWEEN {y} AND 20", "{x} NOT BETWEEN 0 AND 1.5", "{x} IN (0, 1, 0.5)"),
    *("{x} NOT IN (0, {y})", "0 IN ({x}, {y})", "NOT {x} > {y}", "{x} > 16777217", "{x} < 0.1"),
    *("CAST({x} AS BOOLEAN)", "({x} IS NULL) = ({y} IS NULL)"),
)
PREDICATES = (
    *("from_upper", "NOT from_upper", "from_upper AND is_transient", "from_upper OR is_transient"),
    *("from_upper = is_transient", "from_upper <> is_transient", "from_upper IN (TRUE)", "TRUE", "FALSE"),
    *("CAST(from_upper AS INT) = 1", "CAST(from_upper AS DOUBLE) < 0.5", "CAST(from_upper AS STRING) = 'true'"),
    *("coalesce(from_upper, is_transient)", "nvl(from_upper, TRUE)", "if(from_upper, is_transient, NULL)"),
    *("CASE WHEN from_upper THEN is_transient END", "CASE from_upper WHEN TRUE THEN FALSE ELSE TRUE END"),
    *("NOT (from_upper AND NOT (is_transient OR mulens > 0))", "nullif(from_upper, is_transient) IS NULL"),
    *("cdsxmatch LIKE '%a%'", "cdsxmatch NOT LIKE 'SN%'", r"cdsxmatch LIKE '%\%'", r"cdsxmatch LIKE '%\_%'"),
    *("cdsxmatch LIKE ''", "cdsxmatch LIKE '_'", r"cdsxmatch LIKE 'a\\\\b'", "objectId LIKE '%b%'"),
    *("objectId LIKE '__'", "objectId LIKE 'a_b'", "cdsxmatch RLIKE '^S.*e$'", "cdsxmatch RLIKE '(?i)sn'"),
    *(r"cdsxmatch RLIKE '^\\s*\\d+\\s*$'", "objectId RLIKE 'a.b'", "objectId RLIKE 'b$'", "objectId RLIKE '^$'"),
    *("objectId RLIKE '[^a-z]'", "objectId RLIKE '(?:a|b)+'", "objectId RLIKE ''", r"objectId RLIKE '\\*'"),
    *("objectId RLIKE 'x?[0-9]{2,3}'", r"objectId RLIKE '\\bno\\b'", r"cdsxmatch NOT RLIKE '\\W'"),
    *("startswith(cdsxmatch, 'SN')", "startswith(objectId, '')", "endswith(objectId, 'b')"),
    *("contains(cdsxmatch, objectId)", "cdsxmatch = 'a\\'b'", "cdsxmatch = 'a\\\\b'", "cdsxmatch = ''"),
    *("cdsxmatch < objectId", "cdsxmatch BETWEEN 'a' AND 'b'", "cdsxmatch IN ('', 'Unknown')"),
    *("objectId NOT IN ('é*', '1')", "objectId = 'a\nb'", "CAST(objectId AS BOOLEAN)"),
    *("timestamp > TIMESTAMP '2024-08-31 23:59:59'", "timestamp <= brokerIngestTimestamp", "timestamp IS NULL"),
    *("timestamp = DATE '2024-09-01'", "timestamp BETWEEN DATE '2019-01-01' AND DATE '2019-11-02'"),
    *("CAST(timestamp AS DATE) = DATE '2019-11-01'", "timestamp < TIMESTAMP '2024-09-01T02:00:00+02:00'"),
    "timestamp IN (TIMESTAMP '2019-11-01 23:59:59.999999')",
    "nvl(timestamp, brokerIngestTimestamp) > DATE '2020-01-01'",
    "CAST(from_upper OR is_transient AS BOOLEAN) = FALSE",
    "CAST(from_upper OR is_transient AS BOOLEAN) AND mulens > 0",
    *("CASE from_upper OR is_transient WHEN FALSE THEN mulens > 0 END", "nullif(from_upper OR is_transient, FALSE)"),
    "coalesce(from_upper AND is_transient, mulens > 0) OR mag_rate > 0",
    "if(from_upper OR is_transient, mulens > 0 AND mag_rate > 0, FALSE) = is_transient",
)


def systematic_conditions() -> list[str]:
    """Each function over fields of each type, compared with what varies from row to row."""
    fields = ((DOUBLE, OTHER_DOUBLE), (FLOAT, OTHER_FLOAT), (INT, OTHER_INT), (LARGE, OTHER_LARGE))
    mixed = (*fields, (FLOAT, OTHER_INT), (LARGE, OTHER_FLOAT), (INT, OTHER_DOUBLE), (FLOAT, OTHER_DOUBLE))
    found = [f"{each.format(x=x)} < {y}" for each in OF_NUMBER for x, y in fields]
    found += [f"isnan({each.format(x=DOUBLE)})" for each in OF_NUMBER]
    found += [f"{each.format(x=x, y=y)} > 0.5" for each in OF_TWO_NUMBERS for x, y in mixed]
    found += [f"isnan({each.format(x=DOUBLE, y=OTHER_DOUBLE)})" for each in OF_TWO_NUMBERS]
    found += [f"{each.format(s=s)} > 'a'" for each in OF_TEXT for s in (TEXT, OTHER_TEXT)]
    found += [f"{each.format(s=s)} > roid" for each in INTEGER_OF_TEXT for s in (TEXT, OTHER_TEXT)]
    found += [f"{each.format(s=s)} < mag_rate" for each in REAL_OF_TEXT for s in (TEXT, OTHER_TEXT)]
    found += [each.format(x=x, y=y) for each in OF_ANY for x, y in mixed]
    return [*found, *PREDICATES]


MISSION = """-- Magnitude bigger than 19.5
candidate.magpsf > 19.5;
-- at least 2'' away to nearest ZTF reference source
candidate.distnr > 2;
(candidate.magnr - candidate.magpsf) < -4 * (LOG10(candidate.distnr) + 0.2);
rf_snia_vs_nonia > 0.5; snn_snia_vs_nonia > 0.5;
"""
_SCORES = (
    *("rf_snia_vs_nonia", "snn_snia_vs_nonia", "snn_sn_vs_all", "rf_kn_vs_nonkn", "mulens", "t2.SNIa"),
    "t2.`M-dwarf`",
)
_MAGNITUDES = ("candidate.magpsf", "candidate.magnr", "candidate.magap", "candidate.diffmaglim", "candidate.maggaia")
_OTHERS = ("Plx", "e_Plx", "candidate.distnr", "candidate.ssdistnr", "candidate.drb", "mag_rate", "lc_features_r.mean")
_NATURAL = (
    *("candidate.fid = 1", "candidate.fid IN (1, 2) AND candidate.rb >= 0.55", "candidate.isdiffpos IN ('t', '1')"),
    *("roid = 3 AND candidate.ssnamenr <> 'null'", "candidate.ssnamenr NOT IN ('null', '')"),
    *("roid <> 3 OR roid IS NULL", "cdsxmatch = 'Unknown'", "cdsxmatch LIKE '%*'"),
    *(r"cdsxmatch RLIKE '(?i)^(rr|eb).*\\*$'", "cdsxmatch NOT LIKE 'Fail%'", "startswith(objectId, 'ZTF18')"),
    *("substring(objectId, 4, 2) IN ('19', '20')", "right(objectId, 1) > 'm'"),
    *("CAST(substr(objectId, 4, 2) AS INT) >= 20", "length(objectId) = 12", "upper(objectId) = objectId"),
    *("lower(vsx) = 'nan'", "contains(DR3Name, 'Gaia')", "trim(gcvs) <> 'Unknown'"),
    *("CAST(mangrove.lum_dist AS DOUBLE) < 200", "mangrove.HyperLEDA_name <> 'None'", "blazar_stats.m2 < 1"),
    *("tracklet IS NULL", "nullif(tns, '') IS NOT NULL", "candidate.jd - candidate.jdstarthist < 90"),
    *("candidate.jd - jd_first_real_det BETWEEN 0 AND 5", "candid % 2 = 0", "candidate.ndethist > 20"),
    *("candidate.ndethist / candidate.ncovhist > 0.1", "candid > 1500000000000000000", "abs(candidate.dec) < 20"),
    *("cos(radians(candidate.dec)) * candidate.ra > 90", "floor(candidate.ra / 15) = 5"),
    *("degrees(asin(sin(radians(candidate.dec)))) > 10", "round(candidate.magpsf, 1) = 18.5"),
    *("round(candidate.ra) % 2 = 1", "candidate.magpsf - candidate.sigmapsf < 18"),
    "candidate.magpsf + 2.5 * log10(candidate.exptime) > 22",
    *("pow(10, -0.4 * (candidate.magpsf - candidate.magnr)) > 2", "sqrt(candidate.chipsf) < 1.5", "1 / Plx > 1"),
    *("Plx / e_Plx > 5", "candidate.magpsf + 5 * log10(Plx / 100) < 4", "coalesce(Plx, 0) = 0", "NOT Plx > 0"),
    *("isnan(Plx)", "Plx IS NULL AND candidate.neargaia < 1", "least(candidate.distpsnr1, candidate.distpsnr2) < 1"),
    *("greatest(candidate.sgscore1, candidate.sgscore2, candidate.sgscore3) > 0.9", "candidate.sgscore1 <> -999"),
    "if(candidate.fid = 1, candidate.magpsf < 18, candidate.magpsf < 17.5)",
    "candidate.distnr > -999 AND candidate.distnr < 2",
    *("CASE WHEN candidate.fid = 2 THEN candidate.magpsf ELSE candidate.magnr END < 18", "from_upper"),
    *("NOT from_upper", "timestamp > TIMESTAMP '2024-01-15 04:00:00'"),
    *("timestamp BETWEEN DATE '2019-11-01' AND DATE '2020-06-30'", "CAST(timestamp AS DATE) = DATE '2026-03-22'"),
    *("brokerEndProcessTimestamp > brokerStartProcessTimestamp", "fink_broker_version >= '3.0'"),
    *("fink_science_version IS NULL", "candidate.rbversion LIKE 't%'", "spicy_id > -1"),
    *("candidate.field BETWEEN 400 AND 700", "candidate.rcid IN (0, 1, 2, 3)"),
    *("candidate.nbad = 0 AND candidate.fwhm < 5", "pmod(candidate.nid, 7) = 3", "mod(candidate.pid, 10) = 5"),
    *("hour IS NOT NULL", "nalerthist > 10", "is_transient"),
)


def natural_conditions() -> list[str]:
    """What users ask of real alerts."""
    found = [f"{score} > {limit}" for score in _SCORES for limit in (0.1, 0.5)]
    found += [f"{each} BETWEEN {low} AND {low + 1.5}" for each in _MAGNITUDES for low in (16, 17, 18, 19)]
    found += [form.format(x=x) for x in (*_SCORES, *_MAGNITUDES, *_OTHERS) for form in ("{x} IS NULL", "NOT {x} > 1")]
    found += [form.format(x=x) for x in _OTHERS for form in ("{x} = -999", "log10({x}) < 0.5", "{x} <> 0")]
    return [*found, *_NATURAL]
