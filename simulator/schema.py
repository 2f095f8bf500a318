"""The schema of one alert in the archive: the survey's packet and the broker's added values, as of 2026."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

_TYPES = {
    "d": pa.float64(),
    "f": pa.float32(),
    "i": pa.int32(),
    "l": pa.int64(),
    "s": pa.string(),
    "b": pa.bool_(),
    # Spark writes and reads instants in UTC at microseconds.
    "t": pa.timestamp("us", tz="UTC"),
}


def _fields(text: str) -> list[pa.Field[Any]]:
    """Fields from ``name:type`` words, the type a key of ``_TYPES``."""
    return [pa.field(name, _TYPES[kind]) for name, kind in (word.split(":") for word in text.split())]


_DETECTION = (
    "jd:d fid:i pid:l diffmaglim:f pdiffimfilename:s programpi:s programid:i candid:l isdiffpos:s tblid:l nid:i rcid:i "
    "field:i xpos:f ypos:f ra:d dec:d magpsf:f sigmapsf:f chipsf:f magap:f sigmagap:f distnr:f magnr:f sigmagnr:f "
    "chinr:f sharpnr:f sky:f magdiff:f fwhm:f classtar:f mindtoedge:f magfromlim:f seeratio:f aimage:f bimage:f "
    "aimagerat:f bimagerat:f elong:f nneg:i nbad:i rb:f ssdistnr:f ssmagnr:f ssnamenr:s sumrat:f magapbig:f "
    "sigmagapbig:f ranr:d decnr:d "
)

CANDIDATE = pa.struct(
    _fields(
        _DETECTION
        + "sgmag1:f srmag1:f simag1:f szmag1:f sgscore1:f distpsnr1:f ndethist:i ncovhist:i jdstarthist:d jdendhist:d "
        "scorr:d tooflag:i objectidps1:l objectidps2:l sgmag2:f srmag2:f simag2:f szmag2:f sgscore2:f distpsnr2:f "
        "objectidps3:l sgmag3:f srmag3:f simag3:f szmag3:f sgscore3:f distpsnr3:f nmtchps:i rfid:l jdstartref:d "
        "jdendref:d nframesref:i rbversion:s dsnrms:f ssnrms:f dsdiff:f magzpsci:f magzpsciunc:f magzpscirms:f "
        "nmatches:i clrcoeff:f clrcounc:f zpclrcov:f zpmed:f clrmed:f clrrms:f neargaia:f neargaiabright:f maggaia:f "
        "maggaiabright:f exptime:f drb:f drbversion:s"
    )
)
"""The triggering detection: 103 fields."""

PREVIOUS_CANDIDATE = pa.struct(
    _fields(_DETECTION + "scorr:d magzpsci:f magzpsciunc:f magzpscirms:f clrcoeff:f clrcounc:f rbversion:s")
)
"""One entry of the history, a detection or an upper limit: 57 fields."""

CUTOUT = pa.struct([pa.field("fileName", pa.string()), pa.field("stampData", pa.binary())])
"""One stamp: a gzipped FITS image."""

LIGHT_CURVE_FEATURES = pa.struct(
    _fields(
        "mean:d weighted_mean:d standard_deviation:d median:d amplitude:d beyond_1_std:d cusum:d "
        "inter_percentile_range_10:d kurtosis:d linear_trend:d linear_trend_sigma:d linear_trend_noise:d "
        "linear_fit_slope:d linear_fit_slope_sigma:d linear_fit_reduced_chi2:d magnitude_percentage_ratio_40_5:d "
        "magnitude_percentage_ratio_20_10:d maximum_slope:d median_absolute_deviation:d "
        "median_buffer_range_percentage_10:d percent_amplitude:d mean_variance:d anderson_darling_normal:d chi2:d "
        "skew:d stetson_K:d"
    )
)
"""Statistics of the light curve in one band: 26 fields."""

ALERT = pa.schema(
    [
        *_fields("candid:l schemavsn:s publisher:s objectId:s"),
        pa.field("candidate", CANDIDATE),
        pa.field("prv_candidates", pa.list_(pa.field("element", PREVIOUS_CANDIDATE))),
        pa.field("cutoutScience", CUTOUT),
        pa.field("cutoutTemplate", CUTOUT),
        pa.field("cutoutDifference", CUTOUT),
        *_fields(
            "brokerIngestTimestamp:t brokerStartProcessTimestamp:t fink_broker_version:s fink_science_version:s "
            "cdsxmatch:s tns:s DR3Name:s Plx:f e_Plx:f gaiaVarFlag:i gaiaClass:s vsx:s spicy_id:i spicy_class:s gcvs:s "
            "x3hsp:s x4lac:s"
        ),
        pa.field("mangrove", pa.map_(pa.string(), pa.string())),
        *_fields(
            "roid:i rf_snia_vs_nonia:d snn_snia_vs_nonia:d snn_sn_vs_all:d mulens:d nalerthist:i rf_kn_vs_nonkn:d "
            "anomaly_score:d anomaly_score_beta:d anomaly_score_anais:d anomaly_score_emille:d anomaly_score_julien:d "
            "anomaly_score_maria:d anomaly_score_emille_30days:d anomaly_score_varvara:d"
        ),
        pa.field("lc_features_g", LIGHT_CURVE_FEATURES),
        pa.field("lc_features_r", LIGHT_CURVE_FEATURES),
        *_fields(
            "jd_first_real_det:d jdstarthist_dt:d mag_rate:d sigma_rate:d lower_rate:d upper_rate:d delta_time:d "
            "from_upper:b"
        ),
        pa.field("blazar_stats", pa.map_(pa.string(), pa.float32())),
        *_fields("is_transient:b slsn_score:d brokerEndProcessTimestamp:t tracklet:s timestamp:t"),
    ]
)
"""One row of the archive: 58 columns."""
