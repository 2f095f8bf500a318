"""HDFS from outside its cluster, over WebHDFS: calls that end in time, errors as those of files, no secret in them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from backend.bounded_http import BoundedSession, was_never_sent
from backend.errors import InvalidSettings

# The first is demanded, where HDFS is protected against forged requests; the second of contents.
_HEADERS = {"X-XSRF-HEADER": "alert-quicklook", "Content-Type": "application/octet-stream"}
_BROKEN_OFF = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
_STANDBY = "StandbyException"
_ANSWERS = {"GETFILESTATUS": "FileStatus", "LISTSTATUS": "FileStatuses", "DELETE": "boolean"}
"""What an answer of WebHDFS has, and none of another server."""
_ERRORS: dict[str, type[OSError]] = {
    "AccessControlException": PermissionError,
    "FileAlreadyExistsException": FileExistsError,
    "FileNotFoundException": FileNotFoundError,
    "ParentNotDirectoryException": NotADirectoryError,
    "SecurityException": PermissionError,
}


@dataclass(frozen=True)
class WebHdfsAccess:
    """How HDFS is reached from here.

    Attributes
    ----------
    addresses
        Of the NameNode over HTTP or HTTPS; of a pair of which one is active, both.
    user
        Who we say that we are, where HDFS believes it.
    kerberos
        Whether we prove it instead, by the Kerberos ticket of this process.
    connect_timeout_s, request_timeout_s
        Until a connection must be accepted, and until a call must have ended, retries included.
    """

    addresses: tuple[str, ...]
    user: str = ""
    kerberos: bool = False
    connect_timeout_s: float = 3.0
    request_timeout_s: float = 8.0


class WebHdfs:
    """Calls of WebHDFS. Safe to use from several threads.

    A read is tried again. Anything else only where it cannot have had an effect: the server that should do it, a
    NameNode of a pair or a DataNode, was not there.

    Parameters
    ----------
    access
        How HDFS is reached.

    Raises
    ------
    InvalidSettings
        Kerberos is asked for, and the package for it is not installed.
    """

    def __init__(self, access: WebHdfsAccess) -> None:
        self._access = access
        self._make_auth = _kerberos() if access.kerberos else None
        self._last_active = access.addresses[0]

    def call(self, operation: str, method: str, path: str, content: Any = None, **parameters: Any) -> requests.Response:
        """What the NameNode answers, or the DataNode to which it sends us.

        Raises
        ------
        OSError
            None answers, or one with an error: a `FileNotFoundError`, a `PermissionError`, or one with a sentence.
        """
        asked = {"op": operation, **parameters}
        if self._access.user and not self._access.kerberos:
            asked["user.name"] = self._access.user
        place = f"/webhdfs/v1{quote(re.sub('/+', '/', path), safe='/=')}"
        addresses = sorted(self._access.addresses, key=lambda address: address != self._last_active)
        began = time.monotonic()
        for number, address in enumerate(addresses, start=1):
            is_last = number == len(addresses)
            # One that is silent must leave time for the next.
            deadline = began + self._access.request_timeout_s * number / len(addresses)
            try:
                with self._session(address, deadline) as session:
                    answer = _answer(session, method, address + place, asked, content)
            except requests.RequestException as error:
                if is_last or not (was_never_sent(error) or method == "GET"):
                    raise OSError(_broken(error, f"HDFS at {address}", "check WEBHDFS_URL")) from error
                continue
            if answer.ok and not answer.is_redirect and _has(answer, _ANSWERS.get(operation)):
                self._last_active = address
                return answer
            if is_last or _said(answer)[0] != _STANDBY:
                raise self._error(answer, address)
        raise AssertionError("the last address answers or raises")

    def _session(self, address: str, deadline: float) -> BoundedSession:
        # One session a call: calls come from several threads, and each has its own time left.
        session = BoundedSession(address, self._access.connect_timeout_s, deadline)
        session.headers.update(_HEADERS)
        session.auth = self._make_auth() if self._make_auth else None
        return session

    def _error(self, answer: requests.Response, address: str) -> OSError:
        name, message = _said(answer)
        if name == _STANDBY:
            return OSError(f"the NameNode at {address} is not the active one; name both in WEBHDFS_URL")
        if name:
            return _ERRORS.get(name, OSError)(message)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            ask = "get a Kerberos ticket (kinit)" if self._access.kerberos else "it may want WEBHDFS_KERBEROS"
            return PermissionError(f"HDFS at {address} does not know who we are; {ask}")
        return OSError(f"what answers at {address} is not WebHDFS (HTTP {answer.status_code}); check WEBHDFS_URL")


def _answer(session: BoundedSession, method: str, url: str, asked: dict[str, Any], content: Any) -> requests.Response:
    """The NameNode's answer, or that of the DataNode it names; if that one is not there, it may name another."""
    while True:
        answer = session.request(method, url, params=asked)
        if not answer.is_redirect:
            return answer
        where = answer.headers["Location"]  # never shown: with Kerberos, a token for the file is part of it
        try:
            return session.request(method, where, data=content)
        except requests.RequestException as error:
            may_repeat = was_never_sent(error) or (method == "GET" and isinstance(error, _BROKEN_OFF))
            if not (may_repeat and session.pause()):
                node = f"the DataNode {urlsplit(where).netloc}, which HDFS named,"
                raise OSError(_broken(error, node, "its name must be known on this machine")) from None


def _broken(error: requests.RequestException, who: str, if_not_there: str) -> str:
    """What happened to a call that was not answered."""
    if isinstance(error, requests.exceptions.SSLError):
        return f"the certificate of {who} is not trusted; REQUESTS_CA_BUNDLE names the file of who has signed it"
    if was_never_sent(error):
        return f"{who} cannot be reached; {if_not_there}"
    if isinstance(error, requests.Timeout):
        return f"{who} did not answer in time"
    return f"the connection to {who} broke ({type(error).__name__})"


def _has(answer: requests.Response, name: str | None) -> bool:
    try:
        return name is None or name in answer.json()
    except (requests.exceptions.JSONDecodeError, TypeError):
        return False


def _said(answer: requests.Response) -> tuple[str, str]:
    """Name and first line of an error of HDFS; two empty texts where something else answers."""
    try:
        error = answer.json()["RemoteException"]
        return str(error["exception"]), str(error["message"]).strip().partition("\n")[0][:500]
    except (requests.exceptions.JSONDecodeError, KeyError, TypeError):
        return "", ""


def _kerberos() -> Callable[[], Any]:
    try:
        from requests_kerberos import HTTPKerberosAuth  # noqa: PLC0415 few need it, and it needs libraries of the system
    except ImportError as error:
        raise InvalidSettings(
            "WEBHDFS_KERBEROS needs the package requests-kerberos, which is not installed.",
            "Install it into the environment of the dashboard: pip install requests-kerberos.",
        ) from error
    return HTTPKerberosAuth  # type: ignore[no-any-return]
