"""Surveys as data: which fields an alert has, what they mean, and which columns a content sends."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType

from backend.errors import InvalidRequest
from backend.models import Content, ContentPlan, SentColumn

HAND_PICKED = "fields"
"""Name of the content that is a list of fields."""


class Origin(StrEnum):
    """Where a field comes from."""

    ARCHIVE = "archive"
    """In the newest generation of the archive."""
    OLDER = "older"
    """Only in earlier years of the archive."""
    JOB = "job"
    """Added by the transfer, before its conditions apply."""


@dataclass(frozen=True)
class Field:
    """One field of the full alert.

    Parameters
    ----------
    path
        Its name, with dots where it is nested: ``objectId``, ``candidate.magpsf``, ``lc_features_g.mean``.
    type
        Its Spark SQL type; for what holds other fields just ``struct``, ``array`` or ``map``, but ``array<float>`` for
        a list of values.
    unit
        Its unit; empty when it has none.
    """

    path: str
    type: str
    unit: str
    origin: Origin
    description: str
    in_list: bool = False

    @property
    def root(self) -> str:
        """The column of the archive that holds the field."""
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True)
class Survey:
    """What the product must know about a survey.

    Parameters
    ----------
    first_night
        First night of the archive.
    object_id, alert_id, time
        Paths of the object's name, of the alert's unique number and of its Julian date.
    detection, history, cutouts
        Root columns of the detection that made the alert, of the object's history and of the stamps.
    bands
        Number of a band in the data -> its name.
    light_curve, stamp_position
        Fields of the detection that the contents Lightcurve and Cutouts send flat.
    older_names
        Older name of a root column -> its name today, under which the job reads it.
    fields
        Path -> field, in the order of the archive.
    """

    name: str
    label: str
    first_night: date
    object_id: str
    alert_id: str
    time: str
    detection: str
    history: str
    cutouts: tuple[str, ...]
    bands: Mapping[int, str]
    light_curve: tuple[str, ...]
    stamp_position: tuple[str, ...]
    older_names: Mapping[str, str]
    fields: Mapping[str, Field] = field(repr=False)

    @cached_property
    def root_columns(self) -> tuple[str, ...]:
        """Root columns of the newest generation, in the order of the archive."""
        return tuple(f.path for f in self.fields.values() if f.path == f.root and f.origin is Origin.ARCHIVE)

    @cached_property
    def ddl(self) -> str:
        """The columns of all years of the archive as Spark writes a schema; ``older`` comments those of older years."""
        roots = (f for f in self.fields.values() if f.path == f.root and f.origin is not Origin.JOB)
        return ", ".join(
            f"`{each.path}` {self._whole_type(each)}" + (" COMMENT 'older'" if each.origin is Origin.OLDER else "")
            for each in roots
        )

    def _whole_type(self, root: Field) -> str:
        """The Spark SQL type of a root column with all that it holds."""
        below = [f for f in self.fields.values() if f.root == root.path != f.path]
        if root.type == "map":
            (of_values,) = {f.type for f in below}
            return f"map<string, {of_values}>"
        if not below:
            return root.type
        struct = f"struct<{', '.join(f'`{f.name}`: {f.type}' for f in below)}>"
        return f"array<{struct}>" if root.type == "array" else struct

    def nearest(self, path: str) -> str:
        """The field that was probably meant by `path`; empty when none is near."""
        if path in self.older_names:
            return self.older_names[path]
        typed = path.lower()
        for known in (self._by_lower_path, self._by_lower_name):
            if typed in known:
                return known[typed]
        for known in (self._by_lower_path, self._by_lower_name):
            longer = [known[each] for each in known if each.startswith(typed) and len(typed) > 3]
            if longer:
                return longer[-1]
        pool = self._by_lower_path if "." in typed else {**self._by_lower_name, **self._by_lower_path}
        close = get_close_matches(typed, pool, n=1, cutoff=0.7)
        return pool[close[0]] if close else ""

    @cached_property
    def _by_lower_path(self) -> dict[str, str]:
        return {f.path.lower(): f.path for f in reversed(tuple(self.fields.values())) if not f.in_list}

    @cached_property
    def _by_lower_name(self) -> dict[str, str]:
        """Last part of a path -> the path; a field of the detection comes first, then the earlier one."""
        nested = [f for f in self.fields.values() if f.path != f.root and not f.in_list]
        ranked = sorted(nested, key=lambda f: f.root != self.detection)
        return {f.name.lower(): f.path for f in reversed(ranked)}


def survey(name: str) -> Survey:
    """The survey of that name.

    Raises
    ------
    InvalidRequest
        When there is none; the hint names the nearest.
    """
    build = _SURVEYS.get(name)
    if build is None:
        close = get_close_matches(name.lower(), _SURVEYS, n=1, cutoff=0.5)
        hint = f"Did you mean {close[0]}?" if close else f"There is: {', '.join(_SURVEYS)}."
        raise InvalidRequest(f"There is no survey {name!r}.", hint)
    return build()


@cache
def _ztf() -> Survey:
    return Survey(
        name="ztf",
        label="ZTF",
        first_night=date(2019, 11, 1),
        object_id="objectId",
        alert_id="candid",
        time="candidate.jd",
        detection="candidate",
        history="prv_candidates",
        cutouts=("cutoutScience", "cutoutTemplate", "cutoutDifference"),
        bands=MappingProxyType({1: "g", 2: "r", 3: "i"}),
        light_curve=(
            *("magpsf", "sigmapsf", "fid", "jd", "ra", "dec", "ssnamenr"),
            *("magnr", "sigmagnr", "magzpsci", "isdiffpos", "diffmaglim", "distnr"),
        ),
        stamp_position=("jd", "ra", "dec", "magpsf", "fid"),
        older_names=MappingProxyType(
            {
                "rfscore": "rf_snia_vs_nonia",
                "knscore": "rf_kn_vs_nonkn",
                "snn": "snn_snia_vs_nonia",
                "snnscore": "snn_snia_vs_nonia",
                "TNS": "tns",
            }
        ),
        fields=MappingProxyType({f.path: f for f in _read_fields("ztf")}),
    )


_SURVEYS = {"ztf": _ztf}


def _read_fields(survey_name: str) -> Iterator[Field]:
    """Read the packaged table of a survey; a field below an array is marked as inside a list."""
    arrays: set[str] = set()
    with (files("backend") / "surveys" / f"{survey_name}.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            if row["type"] == "array":
                arrays.add(row["path"])
            root, _, nested = row["path"].partition(".")
            yield Field(
                path=row["path"],
                type=row["type"],
                unit=row["unit"],
                origin=Origin(row["origin"]),
                description=row["description"],
                in_list=bool(nested) and root in arrays,
            )


def content_plan(survey: Survey, content: Content | tuple[str, ...]) -> ContentPlan:
    """Which columns a content sends.

    The ready-made contents describe the survey's own columns; the job appends ``finkclass`` and ``tnsclass`` at the
    end whenever ``others`` is true. Hand-picked fields bring these two only when they are among them.

    Parameters
    ----------
    content
        A ready-made content, or the paths of the fields to send; the alert's number and time always ride along.

    Raises
    ------
    InvalidRequest
        When a hand-picked field does not exist, lies inside a list, or when none is named.
    """
    if not isinstance(content, Content):
        return _hand_picked(survey, content)
    name = content.value
    ids = (survey.object_id, survey.alert_id)
    if content is Content.LIGHTCURVE:
        columns = _flat(survey, ids, survey.light_curve)
        return ContentPlan(
            name=name, columns=columns, others=True, without=(survey.detection, survey.history, *survey.cutouts)
        )
    if content is Content.CUTOUTS:
        stamps = tuple(SentColumn(name=c, source=c) for c in survey.cutouts)
        columns = (*_flat(survey, ids, survey.stamp_position), *stamps)
        return ContentPlan(name=name, columns=columns, others=True, without=(survey.detection, survey.history))
    return ContentPlan(name=name, others=True, without=survey.cutouts if content is Content.MEDIUM else ())


def _flat(survey: Survey, ids: tuple[str, ...], of_detection: tuple[str, ...]) -> tuple[SentColumn, ...]:
    detection = (SentColumn(name=n, source=f"{survey.detection}.{n}") for n in of_detection)
    return (*(SentColumn(name=path, source=path) for path in ids), *detection)


def _hand_picked(survey: Survey, paths: tuple[str, ...]) -> ContentPlan:
    if not paths:
        raise InvalidRequest("The content names no field.", "Name at least one, such as objectId.")
    chosen = [_sendable(survey, path) for path in dict.fromkeys((survey.alert_id, survey.time, *paths))]
    columns: list[SentColumn] = []
    taken: set[str] = set()
    for each in chosen:
        name = _sent_name(survey, each, taken)
        taken.add(name.lower())
        columns.append(SentColumn(name=name, source=each.path))
    return ContentPlan(name=HAND_PICKED, columns=tuple(columns))


def _sendable(survey: Survey, path: str) -> Field:
    found = survey.fields.get(path)
    if found is None:
        nearest = survey.nearest(path)
        hint = f"Did you mean {nearest}?" if nearest else "The list of fields shows what there is."
        raise InvalidRequest(f"There is no field {path}.", hint)
    if found.in_list:
        raise InvalidRequest(
            f"{path} lies inside the list {found.root} and cannot be sent by itself.",
            f"Choose {found.root} as a whole.",
        )
    return found


def _sent_name(survey: Survey, chosen: Field, taken: set[str]) -> str:
    """A name that Avro allows and no other column has, whatever its case: readers such as DuckDB ignore case."""
    joined = re.sub(r"\W", "_", chosen.path, flags=re.ASCII)
    name = chosen.name if chosen.root == survey.detection else joined
    candidates = (name, joined, *(f"{joined}_{n}" for n in range(2, len(taken) + 3)))
    return next(each for each in candidates if each.lower() not in taken)
