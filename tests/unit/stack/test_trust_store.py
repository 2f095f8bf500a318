from __future__ import annotations

import hashlib

from stack.trust_store import to_jks


def test_layout_of_a_store_with_one_certificate() -> None:
    body = bytes.fromhex("feedfeed 00000002 00000001 00000002 0003") + b"ca0" + bytes(8)
    body += bytes.fromhex("0005") + b"X.509" + bytes.fromhex("00000003") + b"DER"
    digest = hashlib.sha1("changeit".encode("utf-16-be") + b"Mighty Aphrodite" + body).digest()
    assert to_jks([b"DER"], "changeit") == body + digest
