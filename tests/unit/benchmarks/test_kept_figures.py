"""A benchmark made in parts: what each section measured last is kept, and written as one page."""

from __future__ import annotations

from pathlib import Path

from benchmarks.figures import Figure, Unit, at_most
from benchmarks.kept_figures import keep, kept
from benchmarks.report import BEGIN, END, write_page


def figure(section: str, value: float) -> Figure:
    return Figure(section, "how long it takes", Unit.SECONDS, (value,), at_most(10.0), note="of one run")


def test_the_last_measurement_of_each_section_is_kept(tmp_path: Path) -> None:
    keep(tmp_path, "main", [figure("main", 9.0)], runs=1, peer_runs=0)
    keep(tmp_path, "main", [figure("main", 8.0)], runs=3, peer_runs=1)
    keep(tmp_path, "steady", [figure("steady", 7.0)], runs=1, peer_runs=0)
    found = kept(tmp_path, ("steady", "full", "main"))
    assert list(found) == ["steady", "main"]
    assert found["main"].figures == (figure("main", 8.0),)
    assert (found["main"].runs, found["main"].peer_runs) == (3, 1)


def test_a_page_of_several_sections_says_how_each_was_measured(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    keep(tmp_path, "main", [figure("main", 8.0)], runs=5, peer_runs=2)
    keep(tmp_path, "steady", [figure("steady", 7.0)], runs=1, peer_runs=1)
    write_page(page, kept(tmp_path, ("main", "steady")))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "8.0 s" in text
    assert "7.0 s" in text
    assert "medians of 5, of the plain Spark job of 2: `main`" in text
    assert "one run each: `steady`" in text
