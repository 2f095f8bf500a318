"""What the broker adds to the survey's packet: cross-matches, scores, features, times."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator import arrow_columns as columns
from simulator.arrow_columns import AnyArray, ArrowArray
from simulator.candidates import Alerts
from simulator.catalogues import catalogue_columns
from simulator.file_names import year_month_day
from simulator.kinds import TRANSIENTS, Kind
from simulator.light_curve_features import FEWEST_POINTS, Points, features_array, features_of
from simulator.light_curves import mag_of_flux
from simulator.random_keys import Floats, normal, quick_uniforms, uniform
from simulator.schema import ALERT
from simulator.survey import exposures_of

_JD_OF_UNIX_EPOCH = 2440587.5
_ANOMALY_SCORES = ("", "_beta", "_anais", "_emille", "_julien", "_maria", "_emille_30days", "_varvara")


def added_value_columns(seed: int, alerts: Alerts, past: dict[str, AnyArray]) -> dict[str, ArrowArray]:
    """Every root column that is not the survey's, by name."""
    values = {**_scores(alerts, past), **_rates(alerts, past)}
    arrays = {name: columns.numbers(numbers, ALERT.field(name).type) for name, numbers in values.items()}
    arrays |= _rate_arrays(alerts)
    arrays |= _features_and_anomalies(alerts)
    arrays |= catalogue_columns(alerts)
    arrays |= _timestamps(alerts)
    same = np.zeros(len(alerts.keys), dtype=np.int64)
    arrays["fink_broker_version"] = columns.words(same, ("4.1",))
    arrays["fink_science_version"] = columns.words(same, ("8.41.0",))
    arrays["tracklet"] = _tracklets(seed, alerts)
    is_transient = np.isin(alerts.sources.kind, (*TRANSIENTS, Kind.FLASH)) & (uniform(alerts.keys, "transient") < 0.9)
    arrays["is_transient"] = pa.array(is_transient)
    return arrays


def _scores(alerts: Alerts, past: dict[str, AnyArray]) -> dict[str, AnyArray]:
    """The classifiers' scores: 0 where they did not run, and mostly right about what they are for."""
    kind, detections = alerts.sources.kind, past["ndethist"]
    one, two = quick_uniforms(alerts.keys, "scores 1"), quick_uniforms(alerts.keys, "scores 2")
    is_ia, is_ii, is_kn = kind == Kind.SUPERNOVA_IA, kind == Kind.SUPERNOVA_II, kind == Kind.KILONOVA
    ran = np.isin(kind, (Kind.SUPERNOVA_IA, Kind.SUPERNOVA_II, Kind.KILONOVA)) & (detections > 2)
    ran |= (kind == Kind.ACTIVE_GALAXY) & (one[0] < 0.3)
    ran |= (kind == Kind.UNCATALOGUED_VARIABLE) & (detections < 40) & (one[0] < 0.3)
    high, low = 0.35 + 0.65 * np.sqrt(one[1]), 0.6 * one[1] ** 1.5
    is_early = is_ia & (detections <= 20)
    lensed = (kind == Kind.MICROLENSING) & (detections > 5) & (one[2] < 0.7)
    lensed |= (kind == Kind.LENS_ON_ASTEROID) | ((kind == Kind.UNCATALOGUED_VARIABLE) & (one[2] < 0.0004))
    known = np.isin(kind, (Kind.ASTEROID, Kind.LENS_ON_ASTEROID))
    slsn = np.where(ran & (is_ii | is_ia), 0.25 * one[3] ** 4, -1.0)
    return {
        "roid": np.select([known, kind == Kind.ASTEROID_CANDIDATE, one[3] < 0.006], [3, 2, 1], 0),
        "snn_snia_vs_nonia": np.where(ran, np.where(is_ia, high, low), 0.0),
        "snn_sn_vs_all": np.where(ran, np.where(is_ia | is_ii, 0.35 + 0.65 * np.sqrt(two[0]), 0.7 * two[0] ** 2), 0.0),
        "rf_snia_vs_nonia": np.round(
            np.where(ran & is_early, 0.25 + 0.7 * two[1], np.where(ran & ~is_kn, 0.4 * two[1] ** 3, 0.0)), 3
        ),
        "rf_kn_vs_nonkn": np.round(
            np.where(is_kn & (detections > 1), 0.4 + 0.58 * two[2], np.where(ran, 0.3 * two[2] ** 4, 0.0)) * 30
        )
        / 30,
        "mulens": np.where(lensed, 0.3 + 0.7 * two[3], 0.0),
        "slsn_score": slsn,
    }


def _rates(alerts: Alerts, past: dict[str, AnyArray]) -> dict[str, AnyArray]:
    first_jd = alerts.first_jd_in_history
    return {
        "nalerthist": 1 + alerts.detections_in_history,
        "jd_first_real_det": first_jd,
        "jdstarthist_dt": first_jd - past["jdstarthist"],
    }


def _rate_arrays(alerts: Alerts) -> dict[str, ArrowArray]:
    """Magnitudes per day since the last detection in the band or, where there is none, the last upper limit."""
    history, count = alerts.history, len(alerts.keys)
    row = history.row
    in_band = history.exposures.fid == alerts.exposures.fid[row]
    last_any = np.full(count, -1)
    last_seen = np.full(count, -1)
    index = np.arange(len(row))
    np.maximum.at(last_any, row[in_band], index[in_band])
    seen = in_band & history.detected
    np.maximum.at(last_seen, row[seen], index[seen])
    from_upper = (last_seen < 0) & (last_any >= 0)
    has_rate = (last_any >= 0) & (uniform(alerts.keys, "rate") < 0.97)
    last = np.where(last_seen >= 0, last_seen, last_any)
    padded_jd = np.append(history.exposures.jd, 0.0)[last]
    padded_mag = np.append(
        np.where(history.detected, mag_of_flux(np.abs(history.photometry.flux) + 1e-9), history.exposures.diffmaglim),
        0.0,
    )[last]
    elapsed = np.where(has_rate, alerts.exposures.jd - padded_jd, 1.0)
    rate = (mag_of_flux(np.abs(alerts.photometry.flux)) - padded_mag) / elapsed
    sigma = 1.5 * 1.0857 * alerts.photometry.flux_error / np.abs(alerts.photometry.flux) / elapsed
    values: dict[str, Floats] = {
        "mag_rate": rate,
        "sigma_rate": sigma,
        "lower_rate": rate - 1.6 * sigma,
        "upper_rate": rate + 1.6 * sigma,
        "delta_time": elapsed,
    }
    valid = columns.validity(has_rate)
    arrays = {name: columns.numbers(numbers, pa.float64(), valid) for name, numbers in values.items()}
    return arrays | {"from_upper": pa.array(from_upper & has_rate)}


def _features_and_anomalies(alerts: Alerts) -> dict[str, ArrowArray]:
    history, exposures, count = alerts.history, alerts.exposures, len(alerts.keys)
    seen = history.detected
    flux = np.concatenate([np.abs(history.photometry.flux[seen]), np.abs(alerts.photometry.flux)])
    flux_error = np.concatenate([history.photometry.flux_error[seen], alerts.photometry.flux_error])
    row = np.concatenate([history.row[seen], np.arange(count)])
    jd = np.concatenate([history.exposures.jd[seen], exposures.jd])
    fid = np.concatenate([history.exposures.fid[seen], exposures.fid])
    mag, error = mag_of_flux(flux), 1.0857 * flux_error / flux
    arrays: dict[str, ArrowArray] = {}
    complete = np.ones(count, dtype=bool)
    for band, name in ((1, "lc_features_g"), (2, "lc_features_r")):
        at = np.flatnonzero(fid == band)
        features, number = features_of(Points(row[at], jd[at], mag[at], error[at]), count)
        arrays[name] = features_array(features, (number == 0) & (uniform(alerts.keys, name) < 0.2))
        complete &= number >= FEWEST_POINTS
    valid = columns.validity(complete)
    common = normal(alerts.keys, "anomaly") * 0.0012
    for suffix in _ANOMALY_SCORES:
        centre, width = (-0.034, 3.0) if suffix in ("_beta", "_maria") else (-0.0142, 1.0)
        own = normal(alerts.keys, f"anomaly{suffix}") * 0.0006
        arrays[f"anomaly_score{suffix}"] = columns.numbers(centre + width * (common + own), pa.float64(), valid)
    return arrays


def _timestamps(alerts: Alerts) -> dict[str, ArrowArray]:
    """Times of the exposure's packet and of the broker's steps, from the exposure's time."""
    instant = ALERT.field("timestamp").type
    exposed_us = np.round((alerts.exposures.jd - _JD_OF_UNIX_EPOCH) * 86400.0).astype(np.int64) * 1_000_000
    one = quick_uniforms(alerts.exposures.keys, "broker")
    sent_us = exposed_us + ((one[0] - 0.5) * 8_000).astype(np.int64)
    ingested_us = sent_us + (300e6 + 900e6 * one[1]).astype(np.int64)
    started_us = ingested_us + (60e6 + 200e6 * one[2]).astype(np.int64)
    ended_us = started_us + (75e6 + 60e6 * one[3]).astype(np.int64)
    return {
        "timestamp": columns.numbers(sent_us, pa.int64()).cast(instant),
        "brokerIngestTimestamp": columns.numbers(ingested_us, pa.int64()).cast(instant),
        "brokerStartProcessTimestamp": columns.numbers(started_us, pa.int64()).cast(instant),
        "brokerEndProcessTimestamp": columns.numbers(ended_us, pa.int64()).cast(instant),
    }


def _tracklets(seed: int, alerts: Alerts) -> ArrowArray:
    """The name of the track that an alert is a point of; null, rarely 'None', where it is of none."""
    count = len(alerts.keys)
    text = columns.template("TRCK_00000000_000000_00", count)
    year, month, day = year_month_day(alerts.exposures.night)
    nothing = np.zeros(count, dtype=np.int64)
    first = exposures_of(seed, alerts.exposures.night, nothing, alerts.sources.field_index, nothing)
    seconds = ((first.jd + 0.5) % 1.0 * 86400.0).astype(np.int64)
    columns.put_digits(text, 5, 8, year * 10_000 + month * 100 + day)
    columns.put_digits(text, 14, 6, seconds // 3600 * 10_000 + seconds // 60 % 60 * 100 + seconds % 60)
    columns.put_digits(text, 21, 2, alerts.exposures.field % 100)
    is_track = alerts.sources.kind == Kind.TRACKLET
    others = columns.words(np.zeros(count, dtype=np.int64), ("None",), uniform(alerts.keys, "no track") < 0.02)
    names: ArrowArray = pc.if_else(pa.array(is_track), columns.fixed_width_text(text), others)
    return names
