"""The page for operators says what is so."""

from __future__ import annotations

import re

from backend.config import Settings
from docs.make_settings import PAGE, with_table

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_table_of_settings_is_that_of_the_settings() -> None:
    assert with_table(TEXT) == TEXT, "out of date: python -m docs.make_settings"
    assert all(field.description for field in Settings.model_fields.values())


def test_each_setting_that_the_page_sets_is_one() -> None:
    named = set(re.findall(r"^(?:export )?([A-Z][A-Z_]+)=", TEXT, re.MULTILINE))
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}
