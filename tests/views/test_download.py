"""The menu of downloads: what, in which form, how large; prepared, saved, prepared again, cancelled, refused."""

from __future__ import annotations

import json
import re
import shutil
import sys
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from backend.errors import QuicklookError
from backend.prepared_download import Tell
from tests.support.facade import Facade
from tests.support.waiting import wait_for
from tests.views.looking import checked, click, labelled, labels, opened, text
from views.components import download, session

WITHIN_S = 20


def menu(app: AppTest, transfer: str) -> AppTest:
    """Its alerts are read, and the menu is open."""
    click(opened(app, "browse_alerts", transfer=transfer), "Read")
    return open_menu(app)


def open_menu(app: AppTest) -> AppTest:
    """As a click on Download does."""
    app.session_state[download.BOX] = True
    return checked(app.run())


def choose(app: AppTest, label: str) -> AppTest:
    """Choose a format by what it is called."""
    return checked(formats(app).set_value(next(form for form, name in download._LABELS.items() if name == label)).run())


def formats(app: AppTest):
    """The formats that can be chosen."""
    return next(each for each in app.radio if each.label == "Format")


def saved(app: AppTest) -> Path:
    """The file behind the link, which the route would send."""
    (link,) = links(app)
    address = link.split("/downloads/")[1]
    with session.downloads().sent(address) as file:
        assert file is not None
        return file


def links(app: AppTest) -> list[str]:
    """Where the page leads to save a file."""
    shown = [str(each.proto.body) for each in app.get("html")]
    return re.findall(r'<a class="quicklook-save" href="([^"]+)" download>Save</a>', "\n".join(shown))


def prepare(app: AppTest) -> AppTest:
    """Prepare what is chosen, and look again until it is there."""
    (button,) = [each for each in app.button if each.label.startswith("Prepare")]
    checked(button.click().run())
    wait_for(lambda: "Cancel" not in labels(checked(app.run())), WITHIN_S)
    return app


def test_while_nothing_is_read_there_is_no_menu(app: AppTest, full: str) -> None:
    opened(app, "browse_alerts", transfer=full)
    open_menu(app)
    assert not app.radio
    assert not [each for each in app.button if each.label.startswith("Prepare")]


def test_a_download_is_prepared_with_its_size_before_and_after(app: AppTest, light: str, facade: Facade) -> None:
    menu(app, light)
    assert re.search(r"About \d+ KB\.", text(app))
    assert "Prepare 450 alerts" in labels(app)
    prepare(app)
    file = saved(app)
    assert re.search(r"450 alerts, \d+ KB · kept until \d{4}-\d\d-\d\d \d\d:\d\d UTC", text(app))
    assert file.name == f"{facade.get(light).topic}.parquet"
    table = pq.read_table(file)
    assert sorted(table["candid"].to_pylist()) == sorted(facade.archive.table["candid"].to_pylist())
    request = json.loads(table.schema.metadata[b"alert_quicklook.request"])
    assert request == facade.request_of(light)


def test_the_size_said_before_is_about_that_of_the_file(app: AppTest, full: str) -> None:
    menu(app, full)
    said = re.search(r"About ([\d.]+) MB", text(app))
    assert said
    size = saved(prepare(app)).stat().st_size / 1e6
    assert float(said[1]) == pytest.approx(size, rel=0.25)


@pytest.mark.parametrize(
    ("label", "ending"),
    [
        ("CSV", ".csv"),
        ("VOTable", ".vot"),
        ("FITS", ".fits"),
        ("Light curves: Parquet with a row an object", "_light_curves.parquet"),
        ("Parquet, folders by class", ".zip"),
    ],
)
def test_each_format_can_be_saved(app: AppTest, light: str, label: str, ending: str) -> None:
    choose(menu(app, light), label)
    file = saved(prepare(app))
    assert file.name.endswith(ending)
    assert file.stat().st_size > 0
    assert sorted(path.name for path in file.parent.rglob("*")) == [".owner", file.name]


def test_folders_are_read_back_from_their_zip(app: AppTest, light: str, facade: Facade, tmp_path: Path) -> None:
    choose(menu(app, light), "Parquet, folders by class")
    with zipfile.ZipFile(saved(prepare(app))) as packed:
        packed.extractall(tmp_path / "unpacked")
    frame = pd.read_parquet(tmp_path / "unpacked" / facade.get(light).topic)
    table = facade.archive.table
    expected = dict(zip(table["candid"].to_pylist(), table["finkclass"].to_pylist(), strict=True))
    assert dict(zip(frame["candid"], frame["finkclass"].astype(str), strict=True)) == expected


def test_a_flat_file_says_what_it_is_without(app: AppTest, full: str, facade: Facade) -> None:
    menu(app, full)
    assert "Without" not in text(app)
    choose(app, "CSV")
    assert re.search(r"Without [\w, ]*prv_candidates[\w, ]*: lists and images. Parquet has them", text(app))
    frame = pd.read_csv(saved(prepare(app)))
    assert sorted(frame["candid"]) == sorted(facade.archive.table["candid"].to_pylist())
    assert "candidate_magpsf" in frame
    assert "prv_candidates" not in frame


def test_forms_that_the_alerts_cannot_have_are_off_and_say_why(
    app: AppTest, full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "backend.fits_files", None)  # as where astropy is not installed
    menu(app, full)
    assert "FITS" not in {str(name) for name in formats(app).options}
    (off,) = [each for each in app.radio if each.disabled]
    assert list(off.options) == ["FITS"]
    assert "FITS needs the package" in text(app)


def test_what_matches_can_be_taken_alone(app: AppTest, light: str, facade: Facade) -> None:
    menu(app, light)
    assert not [each for each in app.radio if each.label == "Alerts"]
    checked(labelled(app.multiselect, "Class").select("QSO").run())
    (which,) = [each for each in app.radio if each.label == "Alerts"]
    matching = facade.archive.table["finkclass"].to_pylist().count("QSO")
    assert list(which.options) == [f"What matches · {matching}", "All · 450"]
    assert f"Prepare {matching} alerts" in labels(app)
    file = saved(prepare(app))
    assert file.name.endswith("_selection.parquet")
    assert pq.read_table(file)["finkclass"].to_pylist() == ["QSO"] * matching


def test_it_says_how_far_it_is_survives_a_reload_and_is_cancelled(
    app: AppTest, light: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def write(place: Path, tell: Tell) -> Path:
        (place / "half").touch()
        tell(150)
        go_on.wait(WITHIN_S)
        tell(151)
        raise AssertionError("it was cancelled")

    monkeypatch.setattr(download, "writing", lambda *_: write)
    menu(app, light)
    checked(app.button(key="prepare_download").click().run())
    wait_for(lambda: "150 of 450 alerts" in text(checked(app.run())), WITHIN_S)
    reloaded = AppTest.from_file(str(app._script_path), default_timeout=30)
    opened(reloaded, "browse_alerts", transfer=light)
    open_menu(reloaded)
    assert "Preparing: Parquet, one file" in text(reloaded)
    assert not [each for each in reloaded.radio if each.label == "Format"]
    click(reloaded, "Cancel")
    go_on.set()
    wait_for(lambda: "Prepare 450 alerts" in labels(checked(app.run())), WITHIN_S)
    assert not list((session.downloads()._folder).rglob("half"))


def test_when_more_alerts_were_read_it_can_be_prepared_again(app: AppTest, facade: Facade, light: str) -> None:
    facade.is_slow = True
    click(opened(app, "browse_alerts", transfer=light), "Read")
    click(app, "Stop")
    before = session.shelf().reader(light).store.counts.distinct
    assert 0 < before < 450
    prepare(open_menu(app))
    assert len(pq.read_table(saved(app))) == before
    facade.is_slow = False
    click(app, "Resume")
    assert f"It was prepared when there were {before} alerts." in text(app)
    assert links(app)
    assert "Prepare again" in labels(app)
    assert len(pq.read_table(saved(prepare(app)))) == 450
    assert "Prepare again" not in labels(app)


def test_a_failure_is_said_and_it_can_be_tried_again(app: AppTest, light: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_place: Path, _tell: Tell) -> Path:
        raise QuicklookError("The alerts cannot be written: No space left on device.", "Make room on the disk.")

    menu(app, light)
    with monkeypatch.context() as failing:
        failing.setattr(download, "writing", lambda *_: fail)
        prepare(app)
    assert "No space left on device. Make room on the disk." in text(app)
    assert not links(app)
    assert saved(prepare(app)).exists()


def test_without_room_it_is_refused_with_both_sizes(app: AppTest, light: str, monkeypatch: pytest.MonkeyPatch) -> None:
    menu(app, light)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000))
    checked(app.button(key="prepare_download").click().run())
    assert re.search(r"The download takes up to [\d.]+ kB, and 1 kB are free\.", text(app))
    assert "Prepare 450 alerts" in labels(app)


def test_a_download_tells_what_was_noted_of_its_objects(app: AppTest, light: str, facade: Facade) -> None:
    name = facade.archive.table["objectId"].to_pylist()[0]
    session.marks().note(facade.user, name, is_marked=True, note="look again")
    session.marks().note(facade.user, "ZTF_elsewhere", is_marked=True, note="not here")
    file = saved(prepare(menu(app, light)))
    noted = json.loads(pq.read_metadata(file).metadata[b"alert_quicklook.marks"])
    assert noted == [{"objectId": name, "marked": True, "note": "look again"}]
