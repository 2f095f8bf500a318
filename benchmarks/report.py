"""The figures: a table on the console, and a table and a chart in ``docs/benchmarks.md``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import altair as alt
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, written
from benchmarks.kept_figures import Measured
from benchmarks.machine import describe_machine

CONTEXT = "the original service, for context; not measured beside ours"
BEGIN, END = "<!-- figures of make bench -->", "<!-- end of the figures -->"
WIDTH = 150
PICTURE = "pictures/benchmarks.png"
MET = {True: "met", False: "MISSED", None: ""}
ORIGINAL = (
    ("one night of about 250,000, magnitude condition, Lightcurve, one core", "first alert < 60 s, all about 90 s"),
    ("its job script, run by us, one night of 250,000, light content, one core: magpsf > 19 (34,605 pass)", "76 s"),
    ("the same without condition", "260 s: 1,000 alerts/s"),
    ("4.6 M alerts, no condition, Lightcurve, eight cores", "10 min: about 1,000 alerts/s per core"),
    ("1.5 M alerts scanned, supernova candidates and magnitude, Full packet, one core", "25 min"),
    ("4.6 M light alerts to disk by the community's client", "about 10 min: 7,700 alerts/s"),
)
"""What is known of the service that this one replaces, for context: not measured beside ours, mostly on a cluster."""


def print_figures(figures: Sequence[Figure]) -> None:
    """All figures so far, each beside its goal and its peer."""
    table = Table("", "what", "goal", "ours", "", "peer", "better")
    for figure in figures:
        peer = "" if figure.of_peer is None else f"{written(figure.of_peer, figure.unit)} ({figure.peer})"
        table.add_row(figure.section, figure.what, goal_words(figure), *_ours(figure), peer, times_words(figure))
    _console().print(table)


def print_context() -> None:
    """What the original needed, and what this was measured on."""
    table = Table(CONTEXT, "")
    for row in ORIGINAL:
        table.add_row(*row)
    console = _console()
    console.print(table)
    console.print(describe_machine())


def write_page(page: Path, measured: Mapping[str, Measured]) -> None:
    """Put table and chart of the sections into the page, between its two marks."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page} lacks the marks {BEGIN} and {END}, between which the figures belong.")
    figures = [figure for each in measured.values() for figure in each.figures]
    text = f"On {describe_machine()}; page cache warm.\n\n{figure_table(figures)}\n\n{_when(measured)}"
    if beside := [figure for figure in figures if figure.times_better]:
        picture = page.parent / PICTURE
        picture.parent.mkdir(parents=True, exist_ok=True)
        _chart(beside).save(picture, ppi=144)
        text += f"\n\n![How many times better than the peer each figure is]({PICTURE})"
    rows = [f"| {job} | {took} |" for job, took in ORIGINAL]
    text += "\n\n" + "\n".join([f"| {CONTEXT} | |", "| --- | --- |", *rows])
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def figure_table(figures: Sequence[Figure]) -> str:
    """Markdown: medians, with the lowest and highest of the runs, and what one must know below."""
    lines = ["| | what | goal | ours | | peer | better |", "| --- | --- | --: | --: | --- | --: | --: |"]
    notes: list[str] = []
    for figure in figures:
        peer = ""
        if figure.of_peer is not None:
            peer = f"{_with_range(figure, figure.of_peer, figure.peer_values)}<br>{figure.peer}"
        ours, met = _with_range(figure, figure.ours, figure.values), MET[figure.is_met]
        what, goal, times = figure.what, goal_words(figure), times_words(figure)
        lines.append(f"| `{figure.section}` | {what} | {goal} | {ours} | {met} | {peer} | {times} |")
        if figure.note:
            notes.append(f"* `{figure.section}`, {figure.what}: {figure.note}.")
    return "\n".join([*lines, "", *notes])


def goal_words(figure: Figure) -> str:
    """The promise; empty when there is none."""
    if figure.goal is None:
        return ""
    return f"{'≤' if figure.goal.is_upper else '≥'} {written(figure.goal.value, figure.unit)}"


def times_words(figure: Figure) -> str:
    """How many times better than the peer; empty without one."""
    return "" if figure.times_better is None else f"{figure.times_better:.1f} ×"


def _console() -> Console:
    """As wide as the terminal, or wide enough for a file."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def _ours(figure: Figure) -> tuple[str, str]:
    return written(figure.ours, figure.unit), MET[figure.is_met]


def _with_range(figure: Figure, median: float, values: Sequence[float]) -> str:
    """The median, and where there are several values the lowest and the highest."""
    text = written(median, figure.unit)
    if len(values) < 2:
        return text
    lowest, highest = (written(value, figure.unit).partition(" ")[0] for value in (min(values), max(values)))
    return f"**{text}** ({lowest}–{highest})"


def _when(measured: Mapping[str, Measured]) -> str:
    """When each section was measured, and how often; those of one day and number together."""
    sections: dict[str, list[str]] = {}
    for section, each in measured.items():
        runs = (
            f"medians of {each.runs}, of the plain Spark job of {each.peer_runs}" if each.runs > 1 else "one run each"
        )
        sections.setdefault(f"{each.on}, {runs}", []).append(f"`{section}`")
    return "\n".join(f"* Measured on {how}: {', '.join(names)}." for how, names in sections.items())


def _chart(figures: Sequence[Figure]) -> alt.LayerChart:
    rows = [
        {
            "what": f"{figure.section}: {figure.what}",
            "times": figure.times_better,
            "end": max(figure.times_better or 1.0, 1.0),
            "label": f"{written(figure.ours, figure.unit)}, beside {written(figure.of_peer or 0.0, figure.unit)}",
            "peer": figure.peer,
        }
        for figure in figures
    ]
    base = alt.Chart(alt.Data(values=rows), title="How many times better than the peer, measured in the same run")
    axis = alt.X("times:Q", title="times better (faster, or sooner)", scale=alt.Scale(type="log", nice=True))
    what = alt.Y("what:N", title=None, sort=None, axis=alt.Axis(labelLimit=420))
    bars = base.mark_bar(height=14).encode(
        x=axis, x2=alt.datum(1), y=what, color=alt.Color("peer:N", title="peer", legend=alt.Legend(orient="bottom"))
    )
    labels = base.mark_text(align="left", dx=5).encode(x="end:Q", y=what, text="label:N")
    return (bars + labels).properties(width=620, height=alt.Step(26))
