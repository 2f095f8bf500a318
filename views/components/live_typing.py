"""Text areas tell the page what is in them only when they are left; this one also after each pause in typing."""

from __future__ import annotations

import streamlit as st

PAUSE_MS = 400

_SCRIPT = """
const PAUSE_MS = %d;
export default function ({ parentElement, data }) {
  const page = parentElement.ownerDocument;
  // Asked for each time: a slow page may make the area after this, or make it anew.
  const area = () => page.querySelector(`.st-key-${data.key} textarea`);
  let timer;
  // What a user does to send the text at once.
  const send = () =>
    area()?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }));
  const wait = () => { clearTimeout(timer); timer = setTimeout(send, PAUSE_MS); };
  const listen = (event) => { if (event.target === area()) wait(); };
  page.addEventListener("input", listen);
  wait();  // something may have been typed before we listened; text that is not new is not sent
  return () => { clearTimeout(timer); page.removeEventListener("input", listen); };
}
"""


def live_typing(key: str) -> None:
    """Let the text area of this key send its text while it is typed; to be called where a small gap does no harm.

    Without this the page works as well: the text is sent when the area is left, or by Ctrl+Enter.
    """
    listen = st.components.v2.component("live_typing", js=_SCRIPT % PAUSE_MS)
    listen(data={"key": key}, key=f"live_{key}", height=0)
