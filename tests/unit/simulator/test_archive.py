"""The archive as files: reproducible, complete or absent, never silently replaced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from simulator import night as night_module
from simulator.__main__ import main
from simulator.archive import InvalidSimulation, NightExists, Progress, night_folder, simulate_archive
from tests.unit.simulator.reading import digests, read_night

NIGHTS = (date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1))


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several files a night although the nights are small."""
    monkeypatch.setattr(night_module, "ALERTS_PER_FILE", 40)
    monkeypatch.setattr(night_module, "ALERTS_PER_ROW_GROUP", 25)


def test_same_arguments_give_same_bytes_in_any_order_and_subset(tmp_path: Path, small_files: None) -> None:
    simulate_archive(tmp_path / "all", NIGHTS, 100, seed=3)
    simulate_archive(tmp_path / "parts", [NIGHTS[2]], 100, seed=3)
    simulate_archive(tmp_path / "parts", NIGHTS[:2][::-1], 100, seed=3)
    assert digests(tmp_path / "all") == digests(tmp_path / "parts")
    assert len(list((tmp_path / "all").rglob("*.parquet"))) == 9


def test_number_of_processes_does_not_change_the_bytes(tmp_path: Path) -> None:
    simulate_archive(tmp_path / "one", NIGHTS[:2], 60, seed=3, processes=1)
    simulate_archive(tmp_path / "two", NIGHTS[:2], 60, seed=3, processes=2)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_another_seed_gives_other_alerts(tmp_path: Path) -> None:
    for seed in (1, 2):
        simulate_archive(tmp_path / str(seed), NIGHTS[:1], 50, seed=seed, stamps="none")
    first, second = (read_night(night_folder(tmp_path / str(seed), NIGHTS[0])) for seed in (1, 2))
    assert first["objectId"] != second["objectId"]


def test_each_night_has_exactly_the_alerts_asked_for(tmp_path: Path, small_files: None) -> None:
    simulate_archive(tmp_path, NIGHTS, 41, stamps="none")
    assert [read_night(night_folder(tmp_path, night)).num_rows for night in NIGHTS] == [41, 41, 41]


def test_nights_vary_in_size_when_asked_to(tmp_path: Path) -> None:
    simulate_archive(tmp_path, NIGHTS, 200, stamps="none", variation=0.3)
    sizes = [read_night(night_folder(tmp_path, night)).num_rows for night in NIGHTS]
    assert len(set(sizes)) > 1
    assert all(140 <= size <= 260 for size in sizes)


def _interrupt_after(files: int) -> Callable[[Progress], None]:
    """A report that behaves like Ctrl-C after so many files."""
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == files:
            raise KeyboardInterrupt

    return report


def test_interrupted_run_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path, small_files: None) -> None:
    with pytest.raises(KeyboardInterrupt):
        simulate_archive(tmp_path / "cut", NIGHTS, 100, report=_interrupt_after(5))
    complete = night_folder(tmp_path / "cut", NIGHTS[0])
    written_at = complete.stat().st_mtime_ns
    assert [folder.name for folder in sorted((tmp_path / "cut").rglob("*day=*"))] == ["day=28"]

    rest = simulate_archive(tmp_path / "cut", NIGHTS, 100)

    assert rest.nights_done == 2
    assert complete.stat().st_mtime_ns == written_at
    simulate_archive(tmp_path / "whole", NIGHTS, 100)
    assert digests(tmp_path / "cut") == digests(tmp_path / "whole")


def test_night_of_other_arguments_is_not_replaced_unasked(tmp_path: Path) -> None:
    simulate_archive(tmp_path, NIGHTS[:1], 20, seed=1, stamps="none")
    before = digests(tmp_path)
    with pytest.raises(NightExists, match=r"day=28 exists .* --overwrite"):
        simulate_archive(tmp_path, NIGHTS, 20, seed=2, stamps="none")
    assert digests(tmp_path) == before

    simulate_archive(tmp_path, NIGHTS[:1], 20, seed=2, stamps="none", overwrite=True)
    assert digests(tmp_path) != before


def test_foreign_night_is_not_replaced_unasked(tmp_path: Path) -> None:
    folder = night_folder(tmp_path, NIGHTS[0])
    folder.mkdir(parents=True)
    (folder / "part-real.parquet").write_bytes(b"somebody's data")
    with pytest.raises(NightExists):
        simulate_archive(tmp_path, NIGHTS[:1], 20)
    assert (folder / "part-real.parquet").read_bytes() == b"somebody's data"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"nights": "2024-09-05:2024-09-01"}, "The last night (2024-09-01) lies before the first (2024-09-05)"),
        ({"nights": "2024-09-31:2024-10-01"}, "Cannot read the nights '2024-09-31:2024-10-01'"),
        ({"nights": "2016-01-01"}, "The survey began on"),
        ({"alerts_per_night": "0"}, "The alerts per night must be between 1 and 1,000,000, not 0."),
        ({"alerts_per_night": "-5"}, "must be between 1 and 1,000,000, not -5."),
        ({"processes": "0"}, "The number of processes must be at least 1, not 0."),
        ({"seed": "-1"}, "The seed must be a whole number from 0"),
        ({"vary": "1.5"}, "The variation must be at least 0 and less than 1"),
    ],
)
def test_wrong_argument_is_a_sentence_and_exit_code_2(
    arguments: dict[str, str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"nights": "2024-09-01", "alerts_per_night": "5", "out": str(tmp_path / "out")} | arguments
    line = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    assert main(line) == 2
    printed = capsys.readouterr().err
    assert sentence in printed
    assert "Traceback" not in printed
    assert not (tmp_path / "out").exists()


def test_command_line_makes_an_archive_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["--nights=2024-09-01:2024-09-02", "--alerts-per-night=10", f"--out={tmp_path}", "--processes=1"]
    assert main(line) == 0
    assert "2 nights made, 20 alerts" in capsys.readouterr().err
    assert main(line) == 0
    assert "2 nights were already there" in capsys.readouterr().err


def test_unknown_stamps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSimulation, match="Stamps are one of pool, distinct, none, not 'some'"):
        simulate_archive(tmp_path, NIGHTS, 5, stamps="some")
