"""What ``pip install .`` brings: the modules that ``quicklook-fetch`` needs, and no others."""

from __future__ import annotations

import sys
import tomllib
from functools import cache
from typing import Any

import grimp

from stack.places import REPOSITORY

ENTRY = "backend.fetch_command"
OF_ASTROPY = {"backend.fits_files", "backend.votable_files"}
"""Imported by name, when they are asked for."""
DISTRIBUTIONS = {"confluent_kafka": "confluent-kafka", "pydantic_settings": "pydantic-settings"}
TABLES = "astropy"


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


@cache
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("backend", include_external_packages=True)


def needed() -> set[str]:
    """All of ours that is imported, from the entry on."""
    entries = {ENTRY, *OF_ASTROPY}
    found = set(entries)
    for entry in entries:
        found |= imports().find_upstream_modules(entry)
    return {"backend", *(name for name in found if name.startswith("backend"))}


def test_the_wheel_has_the_modules_that_are_needed_and_no_others() -> None:
    included = project()["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    modules = {path.removesuffix(".py").replace("/", ".") for path in included if path.endswith(".py")}
    assert {name.removesuffix(".__init__") for name in modules} == needed()


def test_the_packages_are_those_that_are_imported() -> None:
    external = {
        imported.partition(".")[0]
        for module in needed()
        for imported in imports().find_modules_directly_imported_by(module)
        if not imported.startswith("backend")
    }
    declared = {requirement.partition(">")[0] for requirement in project()["project"]["dependencies"]}
    third_party = {
        name for name in external if name in {*declared, *DISTRIBUTIONS, TABLES} or name not in sys.stdlib_module_names
    }
    assert {DISTRIBUTIONS.get(name, name) for name in third_party} == {*declared, TABLES}
