"""Let a Java from PyPI trust the certificates that this machine trusts, such as those of a company's proxy."""

from __future__ import annotations

import hashlib
import os
import ssl
import struct
from collections.abc import Iterable
from pathlib import Path

_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
_PASSWORD = "changeit"  # noqa: S105 - the store holds public certificates; this is Java's customary word
_JKS_MAGIC, _JKS_VERSION, _TRUSTED_CERTIFICATE = 0xFEEDFEED, 2, 2


def system_trust_flags(store: Path) -> tuple[str, ...]:
    """Write the machine's trusted certificates to ``store`` and give the flags with which a JVM uses them.

    Empty when the machine has no bundle that Python can read: the runtime then uses the one it came with.
    """
    certificates = _system_certificates()
    if not certificates:
        return ()
    partial = store.with_name(f"{store.name}.{os.getpid()}")
    partial.write_bytes(to_jks(certificates, _PASSWORD))
    partial.replace(store)
    return (
        f"-Djavax.net.ssl.trustStore={store}",
        "-Djavax.net.ssl.trustStoreType=JKS",
        f"-Djavax.net.ssl.trustStorePassword={_PASSWORD}",
    )


def to_jks(certificates: Iterable[bytes], password: str) -> bytes:
    """Encode DER certificates as a Java key store, so that no keytool is needed (and no 140 runs of it)."""
    entries = list(certificates)
    body = struct.pack(">III", _JKS_MAGIC, _JKS_VERSION, len(entries))
    for number, certificate in enumerate(entries):
        body += struct.pack(">I", _TRUSTED_CERTIFICATE) + _utf(f"ca{number}") + struct.pack(">Q", 0)
        body += _utf("X.509") + struct.pack(">I", len(certificate)) + certificate
    salted = password.encode("utf-16-be") + b"Mighty Aphrodite" + body
    return body + hashlib.sha1(salted).digest()  # noqa: S324 - the format's own check sum


def _utf(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded


def _system_certificates() -> list[bytes]:
    context = ssl.create_default_context()
    for bundle in (*_BUNDLES, os.environ.get("REQUESTS_CA_BUNDLE"), os.environ.get("PIP_CERT")):
        if bundle and Path(bundle).is_file():
            context.load_verify_locations(bundle)
    return context.get_ca_certs(binary_form=True)
