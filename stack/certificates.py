"""Certificates for servers on loopback, signed by a small authority of our own; PEM files, for their owner only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stack.private_files import write_privately

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
RENEWED_BEFORE_END = timedelta(days=30)
"""A stack may run for weeks; its certificate must not end under it."""
_CLOCKS_DIFFER = timedelta(hours=1)
_NAMES = (x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost"))


@dataclass(frozen=True)
class Certificates:
    """Files that a server and its clients need.

    Parameters
    ----------
    key_store
        The server's key and certificate.
    ca_file
        The authority's certificate, by which clients know the server.
    """

    key_store: Path
    ca_file: Path


@dataclass(frozen=True)
class _Identity:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def read(cls, path: Path, now: datetime) -> _Identity | None:
        """Give what was written; None when it is not there, is damaged, or ends soon."""
        try:
            pem = path.read_bytes()
            key, certificate = load_pem_private_key(pem, None), x509.load_pem_x509_certificate(pem)
        except (FileNotFoundError, ValueError):
            return None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            return None
        return cls(key, certificate) if now < certificate.not_valid_after_utc - RENEWED_BEFORE_END else None

    def write(self, path: Path) -> None:
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_privately(path, key + self.certificate.public_bytes(Encoding.PEM))


def provide_certificates(folder: Path, now: datetime | None = None) -> Certificates:
    """Make the certificates of servers on 127.0.0.1 and localhost; those that are there stay while they are valid.

    A new server certificate is signed by the same authority: clients need nothing new until that one ends.

    Parameters
    ----------
    folder
        Where they are kept, with the authority's key.
    now
        For tests; the time from which on they must be valid.
    """
    now = now or datetime.now(UTC)
    ca_file, key_store, authority_file = folder / "ca.pem", folder / "server.pem", folder / "authority.pem"
    authority = _Identity.read(authority_file, now)
    if authority is None:
        authority = _make_authority(now)
        authority.write(authority_file)
    write_privately(ca_file, authority.certificate.public_bytes(Encoding.PEM))
    server = _Identity.read(key_store, now)
    if server is None or not _is_signed_by(server.certificate, authority.certificate):
        _make_server(authority, now).write(key_store)
    return Certificates(key_store, ca_file)


def _make_authority(now: datetime) -> _Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Alert Quicklook authority of this machine")
    certificate = (
        _begin(name, name, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _Identity(key, certificate)


def _make_server(authority: _Identity, now: datetime) -> _Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate
    certificate = (
        _begin(_name("localhost"), issuer.subject, key.public_key(), now, SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_NAMES), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return _Identity(key, certificate)


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError):
        return False
    return True
