"""Downloading what was read: which alerts, in which form, how large; prepared in the background, then saved."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from backend.alert_filter import EVERYTHING, AlertFilter
from backend.download_files import WantedAlerts, needed_bytes, writing
from backend.download_forms import FORMS, DownloadForm, bytes_per_alert, fit
from backend.models import Phase, Transfer
from backend.prepared_download import PreparedDownload, Tell, Write
from backend.reading import AlertReader
from views.components.problems import problems_shown, show_refusal
from views.components.session import downloads, marks, shelf, transfers
from views.components.wording import counted, plain, size_text, time_text
from views.download_route import download_link

REFRESH_S = 1
BOX = "download"
_WHICH, _FORM, _SIZES = "download_which", "download_form", "download_sizes"
_STEADY_FROM = 2_000
"""Alerts from which on more of them make no other sample."""
_LABELS = {
    DownloadForm("parquet"): "Parquet, one file",
    DownloadForm("parquet", "time"): "Parquet, folders by time",
    DownloadForm("parquet", "finkclass"): "Parquet, folders by class",
    DownloadForm("parquet", "tnsclass"): "Parquet, folders by TNS type",
    DownloadForm("csv"): "CSV",
    DownloadForm("votable"): "VOTable",
    DownloadForm("fits"): "FITS",
    DownloadForm("lightcurves"): "Light curves: Parquet with a row an object",
}


def download(reader: AlertReader, transfer: Transfer | None, chosen: AlertFilter, matching: int) -> None:
    """The menu; nothing is looked up before it is open, and nothing written before the user asks for it.

    Parameters
    ----------
    transfer
        None for a topic that was made elsewhere.
    chosen, matching
        The page's filter, and how many alerts match it.
    """
    stored = reader.store.counts.distinct
    icon = ":material/download:"
    box = st.popover("Download", icon=icon, disabled=not stored, key=BOX, on_change="rerun", width="content")
    if stored and box.open:
        with box:
            was_written = _written_now(reader) is not None
            menu = st.fragment(_menu, run_every=REFRESH_S if was_written else None)
            menu(reader, transfer, chosen, matching, was_written)


def _menu(
    reader: AlertReader, transfer: Transfer | None, chosen: AlertFilter, matching: int, was_written: bool
) -> None:
    with problems_shown():
        if made := _written_now(reader):
            _progress(made)
        else:
            wanted, alerts = _choice(reader, chosen, matching)
            _offer_or_prepare(reader, transfer, wanted, alerts)
        if (made is not None) != was_written:
            st.rerun()


def _written_now(reader: AlertReader) -> PreparedDownload | None:
    return next(
        (each for each in downloads().of_store(reader.store.path) if each.progress.phase is Phase.EXECUTING), None
    )


def _progress(made: PreparedDownload) -> None:
    progress, wanted = made.progress, made.wanted
    assert isinstance(wanted, WantedAlerts)
    st.caption(f"Preparing: {_LABELS[wanted.form]}")
    rate = f"{progress.rate_per_s:,.0f}"
    if wanted.form.export_format == "lightcurves":
        st.caption(f"{counted(progress.rows, 'object')} · {rate} objects/s" if progress.rows else "Sorting …")
    else:
        st.progress(min(progress.rows / max(made.rows, 1), 1.0))
        st.caption(f"{progress.rows:,} of {counted(made.rows, 'alert')} · {rate} alerts/s")
    if st.button("Cancel", icon=":material/stop:", key="cancel_download"):
        downloads().discard(made)
        st.rerun()


def _choice(reader: AlertReader, chosen: AlertFilter, matching: int) -> tuple[WantedAlerts, int]:
    """What the widgets say: which alerts in which form, and how many."""
    stored = reader.store.counts.distinct
    if chosen != EVERYTHING and matching < stored:
        names = {True: f"All · {stored:,}", False: f"What matches · {matching:,}"}
        takes_all = st.radio(
            "Alerts", [False, True], key=_WHICH, format_func=names.__getitem__, horizontal=True, persist_state="page"
        )
    else:
        takes_all = True
    fits = {form: fit(reader.store, form) for form in FORMS}
    refusals = {form: each.refusal for form, each in fits.items() if each.refusal}
    possible = [form for form in FORMS if form not in refusals]
    if st.session_state.get(_FORM) not in possible:
        st.session_state.pop(_FORM, None)
    form = st.radio("Format", possible, key=_FORM, format_func=_LABELS.__getitem__, persist_state="page")
    if left_out := fits[form].left_out:
        st.caption(plain(f"Without {', '.join(left_out)}: lists and images. Parquet has them."))
    for refusal in dict.fromkeys(refusals.values()):
        labels = [_LABELS[form] for form in refusals if refusals[form] == refusal]
        st.radio("Not these", labels, index=None, disabled=True, horizontal=True, label_visibility="collapsed")
        st.caption(plain(refusal))
    return WantedAlerts(form, EVERYTHING if takes_all else chosen), stored if takes_all else matching


def _offer_or_prepare(reader: AlertReader, transfer: Transfer | None, wanted: WantedAlerts, alerts: int) -> None:
    made = next((each for each in downloads().of_store(reader.store.path) if each.wanted == wanted), None)
    is_ready = made is not None and made.progress.phase is Phase.COMPLETED
    if made and is_ready:
        _offer(made)
        if made.rows == alerts:
            return
        st.caption(f"It was prepared when there were {counted(made.rows, 'alert')}.")
    elif made and made.progress.phase is Phase.ERROR:
        show_refusal(made.progress.message)
    size_bytes = alerts * _bytes_per_alert(reader, wanted.form)
    if not is_ready:
        st.caption(f"About {size_text(size_bytes)}.")
    label = "Prepare again" if is_ready else f"Prepare {counted(alerts, 'alert')}"
    if st.button(label, icon=":material/inventory_2:", key="prepare_download", disabled=not alerts):
        noted = marks().of_user(transfers().user)
        write = _keeping_open(reader, writing(reader, wanted, _request(transfer), transfer and transfer.receipt, noted))
        downloads().prepare(reader.store.path, wanted, alerts, needed_bytes(size_bytes, wanted.form), write)
        st.rerun()


def _offer(made: PreparedDownload) -> None:
    progress = made.progress
    assert isinstance(made.wanted, WantedAlerts)
    assert made.address is not None
    noun = "object" if made.wanted.form.export_format == "lightcurves" else "alert"
    kept = f" · kept until {time_text(progress.expires_at)} UTC" if progress.expires_at else ""
    st.caption(f"{counted(progress.rows, noun)}, {size_text(progress.size_bytes)}{kept}")
    # Streamlit's own button would hold the file in memory, and its link would open a tab.
    st.html(f'<a class="quicklook-save" href="{escape(download_link(made.address))}" download>Save</a>')


def _bytes_per_alert(reader: AlertReader, form: DownloadForm) -> float:
    """From a sample; once for each form, and anew only while there are few alerts."""
    sizes = st.session_state.setdefault(_SIZES, {})
    key = (reader.topic, form.export_format, min(reader.store.counts.distinct, _STEADY_FROM))
    if key not in sizes:
        sizes[key] = bytes_per_alert(reader.store, form)
    return float(sizes[key])


def _keeping_open(reader: AlertReader, write: Write) -> Write:
    """The shelf closes readers that nobody looks at, and all when settings change; not this one while it is written."""
    readers = shelf()

    def write_and_keep(place: Path, tell: Tell) -> Path:
        with readers.kept_open(reader):
            return write(place, tell)

    return write_and_keep


def _request(transfer: Transfer | None) -> dict[str, object] | None:
    return transfer.request.model_dump(mode="json") if transfer else None
