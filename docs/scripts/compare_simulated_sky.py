"""Set a simulated night beside a real one: the tables and the picture of ``docs/simulator.md``.

``python -m docs.scripts.compare_simulated_sky --archive SIMULATED`` with the real alerts in ``REAL_ALERTS_DIR``, from
the project's folder. Only shares and quantiles of the real night are written.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import altair as alt
import duckdb
import pandas as pd
from pyspark.sql import SparkSession

from simulator.archive import night_folder
from spark_scripts.class_rule import finkclass
from stack.java import find_java
from stack.places import RUNTIMES_DIR

NIGHT = date(2024, 1, 15)
DOCS = Path(__file__).parent.parent
BEGIN, END = "<!-- figures of compare_simulated_sky -->", "<!-- end of the figures -->"
CLASSES_SHOWN = 16
BIN_MAG = 0.5
SOURCES = ("real", "simulated")
COLOURS = ("#444444", "#2a7ab8")
ALERT_QUERY = """
    SELECT candid, candidate.magpsf AS magpsf, candidate.diffmaglim AS diffmaglim, candidate.fid AS fid,
           candidate.ndethist AS ndethist, candidate.drb AS drb, candidate.distnr AS distnr, roid, cdsxmatch,
           len(prv_candidates) AS history
    FROM read_parquet(?, union_by_name = true, hive_partitioning = false)
"""


def alerts_of(folder: Path) -> pd.DataFrame:
    """What is compared of each alert of a night."""
    with duckdb.connect() as connection:
        return connection.execute(ALERT_QUERY, [str(folder / "*.parquet")]).df()


def real_night(real: Path) -> pd.DataFrame:
    """The real night, with the classes that the community's implementation gives."""
    alerts = alerts_of(night_folder(real / "archive" / "science", NIGHT))
    classes = pd.read_csv(real / "expected_finkclass.csv", usecols=["candid", "finkclass"])
    return alerts.merge(classes, on="candid", how="left", validate="one_to_one")


def simulated_night(archive: Path) -> pd.DataFrame:
    """The simulated night, with the classes that the transfer's own rule gives."""
    folder = night_folder(archive, NIGHT)
    with _spark() as spark:
        frame = spark.read.parquet(str(folder))
        classes = frame.select("candid", finkclass(frame).alias("finkclass")).toPandas()
    return alerts_of(folder).merge(classes, on="candid", how="left", validate="one_to_one")


@contextmanager
def _spark() -> Iterator[SparkSession]:
    os.environ["JAVA_HOME"] = str(find_java(RUNTIMES_DIR).home)
    settings = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
    builder = SparkSession.builder.master("local[2]").appName("compare")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def _quantiles(values: pd.Series) -> str:
    return " / ".join(f"{value:.2f}" for value in values.quantile([0.1, 0.5, 0.9]))


def measures(alerts: pd.DataFrame) -> dict[str, str]:
    """What is told of a night, by name."""
    is_minor_planet = alerts["roid"] == 3
    is_unknown = (alerts["cdsxmatch"] == "Unknown") & ~is_minor_planet
    first_time = alerts["ndethist"] == 1
    return {
        "alerts": f"{len(alerts):,}",
        "`magpsf`: 10 % / median / 90 %": _quantiles(alerts["magpsf"]),
        "`diffmaglim`": _quantiles(alerts["diffmaglim"]),
        "magnitudes above the limit, `diffmaglim - magpsf`": _quantiles(alerts["diffmaglim"] - alerts["magpsf"]),
        "in g": f"{(alerts['fid'] == 1).mean():.1%}",
        "first detection, `ndethist = 1`": f"{first_time.mean():.1%}",
        "… of known minor planets (`roid = 3`)": f"{first_time[is_minor_planet].mean():.1%}",
        "… of those without a match in SIMBAD, no minor planets": f"{first_time[is_unknown].mean():.1%}",
        "known minor planets": f"{is_minor_planet.mean():.1%}",
        "without a match in SIMBAD": f"{(alerts['cdsxmatch'] == 'Unknown').mean():.1%}",
        "probably bogus, `drb < 0.5`": f"{(alerts['drb'] < 0.5).mean():.1%}",
        "`ndethist`": " / ".join(f"{value:.0f}" for value in alerts["ndethist"].quantile([0.1, 0.5, 0.9])),
        "`distnr` (″)": _quantiles(alerts["distnr"]),
        "entries of the history": " / ".join(f"{value:.0f}" for value in alerts["history"].quantile([0.1, 0.5, 0.9])),
    }


def tables(nights: dict[str, pd.DataFrame]) -> str:
    """The tables of the page, as Markdown."""
    told = {source: measures(alerts) for source, alerts in nights.items()}
    lines = ["| | real | simulated |", "| --- | --- | --- |"]
    lines += [f"| {name} | {' | '.join(told[source][name] for source in SOURCES)} |" for name in told["real"]]
    shares = pd.DataFrame({source: nights[source]["finkclass"].value_counts(normalize=True) for source in SOURCES})
    shares = shares.fillna(0.0).assign(largest=lambda frame: frame.max(axis=1))
    shares = shares.sort_values(["largest", "real"], ascending=False, kind="stable")
    lines += ["", "| `finkclass` | real | simulated |", "| --- | --- | --- |"]
    shown, rest = shares.iloc[:CLASSES_SHOWN], shares.iloc[CLASSES_SHOWN:]
    lines += [f"| {name} | {row.real:.2%} | {row.simulated:.2%} |" for name, row in shown.iterrows()]
    classes = " and ".join(f"{int((rest[source] > 0).sum())}" for source in SOURCES)
    lines.append(f"| others ({classes} classes) | {rest['real'].sum():.2%} | {rest['simulated'].sum():.2%} |")
    return "\n".join(lines)


def picture(nights: dict[str, pd.DataFrame]) -> alt.Chart:
    """Share of the alerts in each half magnitude, real and simulated."""
    binned = pd.concat(
        alerts["magpsf"].floordiv(BIN_MAG).mul(BIN_MAG).value_counts(normalize=True).sort_index().reset_index()
        .assign(source=f"{source} ({len(alerts):,} alerts)")
        for source, alerts in nights.items()
    )  # fmt: skip
    binned["next"] = binned["magpsf"] + BIN_MAG
    chart = alt.Chart(binned, title=f"Magnitudes of the night {NIGHT}, real and simulated")
    encoded = chart.mark_line(interpolate="step-after", strokeWidth=2.5, clip=True).encode(
        x=alt.X("magpsf:Q", title="magpsf", scale=alt.Scale(domain=[13, 21.5])),
        y=alt.Y("proportion:Q", title=f"share of the alerts per {BIN_MAG} mag", axis=alt.Axis(format="%")),
        color=alt.Color("source:N", title=None, sort=None, scale=alt.Scale(range=COLOURS)),
        strokeDash=alt.StrokeDash("source:N", title=None, sort=None, scale=alt.Scale(range=[[6, 3], [1, 0]])),
    )
    return encoded.properties(width=620, height=300)


def write_into(page: Path, text: str) -> None:
    """Replace what lies between the page's two marks."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page} lacks the marks {BEGIN} and {END}, between which the tables belong.")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def main() -> int:
    """Write the tables into the page and the picture beside it."""
    parser = argparse.ArgumentParser(prog="python -m docs.scripts.compare_simulated_sky", description=__doc__)
    parser.add_argument("--archive", type=Path, required=True, metavar="DIR", help=f"simulated archive with {NIGHT}")
    parser.add_argument("--real", type=Path, default=os.environ.get("REAL_ALERTS_DIR"), metavar="DIR")
    parser.add_argument("--out", type=Path, default=DOCS, metavar="DIR", help="folder of simulator.md")
    options = parser.parse_args()
    if options.real is None:
        parser.error("REAL_ALERTS_DIR, the folder of real alerts, is not set, and --real is not given.")
    nights = {"real": real_night(options.real), "simulated": simulated_night(options.archive)}
    write_into(options.out / "simulator.md", tables(nights))
    image = options.out / "pictures" / "simulated_magnitudes.png"
    image.parent.mkdir(parents=True, exist_ok=True)
    picture(nights).save(image, ppi=144)
    return 0


if __name__ == "__main__":
    sys.exit(main())
