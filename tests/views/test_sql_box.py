"""The SQL box: what is asked and answered, what is refused, and what the browser gets of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from backend.alert_store import AlertStore
from backend.store_select import columns_to_ask, select
from tests.support.light_table import light_table
from tests.views.looking import checked, click, labels, text
from views.components import sql_box

ALERTS = 1_500
LARGE_ID = 2**62 + 1


def page(store: object) -> None:
    """What a page does with the box."""
    from views.components.sql_box import sql_box  # noqa: PLC0415 - AppTest takes a function's text alone

    sql_box(store)  # type: ignore[arg-type]


def filled(path: Path, table: pa.Table) -> AlertStore:
    store = AlertStore(path)
    store.prepare("ftransfer_ztf_x", json.dumps({}), "fingerprint", table.schema)
    store.append(table, {0: len(table)})
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    with filled(tmp_path / "x.duckdb", light_table(range(ALERTS))) as held:
        yield held


@pytest.fixture
def box(store: AlertStore) -> AppTest:
    """The box, open."""
    return open_box(store)


def open_box(store: AlertStore) -> AppTest:
    app = AppTest.from_function(page, kwargs={"store": store}, default_timeout=30)
    app.session_state[sql_box.BOX] = True
    return checked(app.run())


def ask(app: AppTest, query: str) -> AppTest:
    app.text_area(key="sql_text").set_value(query)
    return click(app, "Run")


def answer(app: AppTest) -> pd.DataFrame:
    """The last table: the first is that of the columns."""
    assert len(app.dataframe) == 2, text(app)
    return app.dataframe[1].value


def test_a_closed_box_asks_nothing(store: AlertStore) -> None:
    store.close()
    app = AppTest.from_function(page, kwargs={"store": store})
    assert not checked(app.run()).text_area


def test_an_answer_comes_with_its_rows_and_the_time_it_took(box: AppTest) -> None:
    ask(box, "SELECT fid, count(*) AS n FROM alerts GROUP BY fid ORDER BY fid")
    assert answer(box).to_dict("list") == {"fid": [1, 2, 3], "n": [500, 500, 500]}
    assert "3 rows · " in text(box)
    ask(box, "SELECT candid FROM alerts ORDER BY candid")
    assert "The first 1,000 rows; there are more · " in text(box)
    assert len(answer(box)) == 1000


def test_no_rows_are_said(box: AppTest) -> None:
    ask(box, "SELECT candid FROM alerts WHERE fid = 7")
    assert "0 rows · " in text(box)
    assert len(box.dataframe) == 1


def test_a_refusal_names_the_place_and_takes_the_last_answer_away(box: AppTest) -> None:
    ask(box, "SELECT candid FROM alerts")
    ask(box, "SELECT candid,\n  magpfs FROM alerts")
    assert box.error[0].value.replace("\\", "") == "Line 2, column 3: there is no column magpfs. Did you mean magpsf?"
    assert len(box.dataframe) == 1
    ask(box, "SELECT * FROM read_csv('/etc/passwd')")
    assert "only the table alerts can be asked" in text(box)
    ask(box, "SELECT 1 AS one")
    assert not box.error
    assert answer(box)["one"].tolist() == [1]


def test_an_answer_stays_when_the_page_is_drawn_again(box: AppTest) -> None:
    ask(box, "SELECT 1 AS one")
    assert answer(checked(box.run()))["one"].tolist() == [1]


def test_identifiers_are_exact_and_numbers_are_numbers(tmp_path: Path) -> None:
    table = pa.table({"candid": [LARGE_ID, LARGE_ID + 1], "fid": [1, 2], "price": [1.5, None]})
    with filled(tmp_path / "x.duckdb", table) as large:
        app = ask(
            open_box(large), "SELECT candid, sum(fid) AS n, 1.25 AS d, price, NULL AS no FROM alerts GROUP BY ALL"
        )
        shown = answer(app).sort_values("candid")
        assert shown["candid"].tolist() == [str(LARGE_ID), str(LARGE_ID + 1)]
        assert shown["n"].tolist() == [1, 2]
        assert shown["d"].tolist() == [1.25, 1.25]
        assert pd.isna(shown["price"].iloc[1])
        assert shown["no"].isna().all()


def test_the_csv_holds_all_digits(tmp_path: Path) -> None:
    table = pa.table({"candid": [LARGE_ID], "text": ['a "b", c\nd'], "stamp": [b"abc"], "nothing": pa.nulls(1)})
    with filled(tmp_path / "x.duckdb", table) as large:
        given = select(large, "SELECT *, sum(candid) OVER () AS all_of_them FROM alerts").table
        back = pd.read_csv(io.BytesIO(sql_box.csv_of(given)), dtype=str)
        assert back["candid"].tolist() == back["all_of_them"].tolist() == [str(LARGE_ID)]
        assert back["text"].tolist() == ['a "b", c\nd']
        assert back["stamp"].tolist() == ["3 bytes"]
        assert back["nothing"].isna().all()


def test_a_csv_is_offered_where_there_are_rows(box: AppTest) -> None:
    ask(box, "SELECT candid FROM alerts WHERE fid = 7")
    assert not box.get("download_button")
    ask(box, "SELECT candid FROM alerts")
    assert [each.proto.label for each in box.get("download_button")] == ["CSV"]


@pytest.mark.parametrize("is_nested", [False, True])
def test_each_example_is_answered(tmp_path: Path, is_nested: bool) -> None:
    flat = light_table(range(ALERTS))
    table = flat
    if is_nested:
        measured = ("jd", "magpsf", "fid")
        table = flat.drop_columns(measured).append_column(
            "candidate", pa.StructArray.from_arrays([flat[name].combine_chunks() for name in measured], measured)
        )
    with filled(tmp_path / "x.duckdb", table) as held:
        examples = sql_box.examples([name for name, _ in columns_to_ask(held)])
        assert len(examples) == 3
        for query in examples.values():
            assert len(select(held, query).table), query


def test_alerts_without_measurements_have_fewer_examples() -> None:
    assert sql_box.examples(["candid", "finkclass"]) == {}
    assert list(sql_box.examples(["candid", "objectId"])) == ["The objects with most alerts"]


def test_columns_are_there_to_be_looked_up(box: AppTest) -> None:
    listed = box.dataframe[0].value
    assert dict(listed.itertuples(index=False))["magpsf"] == "FLOAT"
    assert {"observed", "night"} < set(listed["column"])


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    with AlertStore(tmp_path / "x.duckdb") as empty:
        app = open_box(empty)
        assert "Nothing was read yet." in text(app)
        assert "Run" not in labels(app)


def test_a_store_that_was_closed_says_so(store: AlertStore, box: AppTest) -> None:
    store.close()
    checked(box.run())
    assert "cannot be looked at" in text(box)


def test_the_answer_of_another_store_is_not_shown(tmp_path: Path, box: AppTest) -> None:
    ask(box, "SELECT 1 AS one")
    with filled(tmp_path / "other.duckdb", light_table(range(3))) as other:
        app = AppTest.from_function(page, kwargs={"store": other})
        for key in (sql_box.BOX, "sql_answer"):
            app.session_state[key] = box.session_state[key]
        assert len(checked(app.run()).dataframe) == 1
