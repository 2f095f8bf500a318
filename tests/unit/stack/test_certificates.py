"""Certificates of servers on loopback, as TLS clients meet them."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stack.certificates import AUTHORITY_LIFE, SERVER_LIFE, Certificates, provide_certificates


def connect(served: Certificates, trusted: Path, host: str) -> str | None:
    """Let a client of Python's TLS meet a server; give the reason why it refuses, or None."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(served.key_store)
    client = ssl.create_default_context(cafile=str(trusted))
    client.verify_flags |= ssl.VERIFY_X509_STRICT  # what newer versions ask by themselves
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except (ssl.SSLError, ConnectionError):
            theirs.close()

    serving = threading.Thread(target=serve)
    serving.start()
    try:
        client.wrap_socket(ours, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        ours.close()
        serving.join()
    return None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_client_that_trusts_the_authority_accepts_the_server(tmp_path: Path, host: str) -> None:
    made = provide_certificates(tmp_path)
    assert connect(made, made.ca_file, host) is None


def test_another_name_and_another_authority_are_refused(tmp_path: Path) -> None:
    made, other = provide_certificates(tmp_path / "one"), provide_certificates(tmp_path / "other")
    assert "Hostname mismatch" in str(connect(made, made.ca_file, "broker.example.org"))
    assert "unable to get local issuer certificate" in str(connect(made, other.ca_file, "localhost"))


def test_they_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    made = provide_certificates(tmp_path / "new" / "folder")
    first = (made.key_store.read_bytes(), made.ca_file.read_bytes())
    assert provide_certificates(tmp_path / "new" / "folder") == made
    assert (made.key_store.read_bytes(), made.ca_file.read_bytes()) == first
    assert [path.stat().st_mode & 0o777 for path in made.key_store.parent.iterdir()] == [0o600] * 3
    assert made.key_store.parent.stat().st_mode & 0o777 == 0o700


def test_a_server_certificate_that_ends_is_renewed_and_clients_need_nothing_new(tmp_path: Path) -> None:
    made = provide_certificates(tmp_path, datetime.now(UTC) - SERVER_LIFE - timedelta(days=1))
    known = tmp_path / "what a client has.pem"
    made.ca_file.rename(known)
    assert connect(made, known, "localhost") == "certificate has expired"
    assert connect(provide_certificates(tmp_path), known, "localhost") is None


def test_an_authority_that_ends_is_made_anew_with_all_it_signed(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - AUTHORITY_LIFE
    old = provide_certificates(tmp_path, long_ago).ca_file.read_bytes()
    made = provide_certificates(tmp_path)
    assert made.ca_file.read_bytes() != old
    assert connect(made, made.ca_file, "localhost") is None


@pytest.mark.parametrize("name", ["server.pem", "authority.pem"])
def test_a_damaged_file_is_replaced(tmp_path: Path, name: str) -> None:
    provide_certificates(tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:100])
    made = provide_certificates(tmp_path)
    assert connect(made, made.ca_file, "localhost") is None
