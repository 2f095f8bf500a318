"""The settings as they are given, or a sentence on what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from backend.config import Settings
from backend.errors import InvalidSettings

_HINT = "Settings come from the environment, from a file .env, or from the stack that runs under DATA_DIR."


def read_settings() -> Settings:
    """The settings of this process.

    Raises
    ------
    InvalidSettings
        They cannot work; each that is wrong is named, and none of their values is shown.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise InvalidSettings(" ".join(map(_sentence, error.errors(include_input=False))), _HINT) from None
    except SettingsError as error:
        field = next((name for name in Settings.model_fields if f'"{name}"' in str(error)), "a setting")
        raise InvalidSettings(f"{field.upper()} is not written as JSON.", _HINT) from None


def _sentence(error: Mapping[str, Any]) -> str:
    name = ".".join(map(str, error["loc"])).upper()
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}." if name else f"{message}."
