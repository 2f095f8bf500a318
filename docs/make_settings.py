"""The table of all settings in ``docs/operations.md``, from the settings: ``python -m docs.make_settings``."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic.fields import FieldInfo

from backend.config import Settings

PAGE = Path(__file__).with_name("operations.md")
BEGIN, END = "<!-- made by docs/make_settings.py -->", "<!-- end -->"


def settings_table() -> str:
    """All settings, in Markdown: name in the environment, default, meaning."""
    rows = [f"| `{name.upper()}` | {_default(field)} | {field.description} |" for name, field in _fields().items()]
    return "\n".join(("| setting | default | meaning |", "| --- | --- | --- |", *rows))


def with_table(page: str) -> str:
    """The page with the table as it is now, between its marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{rest.partition(END)[2]}"


def _fields() -> dict[str, FieldInfo]:
    return Settings.model_fields


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None or value in ((), {}):
        return "none"
    return f"`{value if isinstance(value, str | Path) else json.dumps(value)}`"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
