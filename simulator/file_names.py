"""Names that the survey gives to objects and files, written for all rows at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.arrow_columns import ArrowArray, fixed_width_text, put_digits, template
from simulator.random_keys import Ints
from simulator.survey import Exposures

_BAND_LETTERS = np.frombuffer(b"gri", dtype=np.uint8)
_NIGHT_ZERO = np.datetime64("2017-01-01")


def year_month_day(night: Ints) -> tuple[Ints, Ints, Ints]:
    """Calendar date of nights, given by number."""
    days = _NIGHT_ZERO + night.astype("timedelta64[D]")
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    return years, months.astype(np.int64) % 12 + 1, (days - months).astype(np.int64) + 1


def _put_image_name(text: npt.NDArray[np.uint8], position: int, exposures: Exposures) -> None:
    """Write ``ztf_YYYYMMDDffffff_FFFFFF_zB_cCC_o_qQ`` at a position of a template."""
    year, month, day = year_month_day(exposures.night)
    put_digits(text, position + 4, 4, year)
    put_digits(text, position + 8, 2, month)
    put_digits(text, position + 10, 2, day)
    put_digits(text, position + 12, 6, exposures.day_fraction)
    put_digits(text, position + 19, 6, exposures.field)
    text[:, position + 27] = _BAND_LETTERS[exposures.fid - 1]
    put_digits(text, position + 30, 2, exposures.rcid // 4 + 1)
    put_digits(text, position + 36, 1, exposures.rcid % 4 + 1)


def difference_images(exposures: Exposures) -> ArrowArray:
    """File names of difference images as an alert gives them."""
    text = template("ztf_00000000000000_000000_z0_c00_o_q0_scimrefdiffimg.fits", len(exposures.jd))
    _put_image_name(text, 0, exposures)
    return fixed_width_text(text)


def archived_difference_images(exposures: Exposures) -> ArrowArray:
    """Paths of difference images as a history gives them."""
    folder = "/ztf/archive/sci/0000/0000/000000/"
    name = "ztf_00000000000000_000000_z0_c00_o_q0_scimrefdiffimg.fits.fz"
    text = template(folder + name, len(exposures.jd))
    year, month, day = year_month_day(exposures.night)
    put_digits(text, 17, 4, year)
    put_digits(text, 22, 2, month)
    put_digits(text, 24, 2, day)
    put_digits(text, 27, 6, exposures.day_fraction)
    _put_image_name(text, len(folder), exposures)
    return fixed_width_text(text)


def object_ids(uid: Ints, night: Ints) -> ArrowArray:
    """Names ``ZTFyyaaaaaaa`` from the object's number and the night of its discovery."""
    text = template("ZTF00aaaaaaa", len(uid))
    put_digits(text, 3, 2, year_month_day(night)[0] % 100)
    # An odd factor that is no multiple of 13 permutes the names, which would otherwise all begin with the same letters.
    rest = uid * 1_000_003 % 26**7
    for column in range(11, 4, -1):
        rest, letter = np.divmod(rest, 26)
        text[:, column] = letter + ord("a")
    return fixed_width_text(text)


def stamp_files(candid: Ints, pid: Ints) -> dict[str, ArrowArray]:
    """File names of the three stamps of each alert, by column."""
    names = {}
    for column, suffix in (("cutoutScience", "_targ_sci"), ("cutoutDifference", "_targ_refmsci")):
        text = template("candid" + "0" * 19 + "_pid" + "0" * 13 + suffix + ".fits.gz", len(candid))
        put_digits(text, 6, 19, candid)
        put_digits(text, 29, 13, pid)
        names[column] = fixed_width_text(text)
    text = template("candid" + "0" * 19 + "_ref.fits.gz", len(candid))
    put_digits(text, 6, 19, candid)
    return names | {"cutoutTemplate": fixed_width_text(text)}
