"""The way to a Livy server: calls that end in time, errors in Livy's own words, no secret in a message.

pylivy has no timeout and hides what Livy says about an error. Its JSON client runs here on a session of ours.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from livy.client import JsonClient
from pydantic import BaseModel, ValidationError
from urllib3.exceptions import NewConnectionError
from urllib3.util import Timeout

from backend.errors import ServiceUnavailable

_GET_ATTEMPTS = 3
_PAUSE_S = 0.2
_SHORTEST_S = 0.01  # a timeout of zero or less is an error to urllib3
_BRIEFLY_AWAY = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
_NO_ACCESS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}

Answer = TypeVar("Answer", bound=BaseModel)


class LivyConnection:
    """Calls of one Livy server.

    Parameters
    ----------
    url
        Address of the server; a user and password in it are used, and never shown.
    connect_timeout_s
        Until the server must accept a connection.
    """

    def __init__(self, url: str, connect_timeout_s: float) -> None:
        self.url, self._auth = _without_credentials(url)
        self._connect_timeout_s = connect_timeout_s

    def client(self, deadline: float) -> JsonClient:
        """A client for one call that ends at the deadline (of ``time.monotonic``), retries included."""
        # One session a call: calls come from several threads, and each has its own time left.
        session = _BoundedSession(self._connect_timeout_s, deadline)
        session.headers["X-Requested-By"] = "alert-quicklook"  # demanded by Livy's protection against forged requests
        session.trust_env = not _is_loopback(self.url)  # a proxy cannot reach what runs here
        return JsonClient(self.url, auth=self._auth, requests_session=session)

    def get(self, endpoint: str, deadline: float, params: Mapping[str, int] | None = None) -> Any:
        """The JSON at an endpoint; None where there is nothing (404).

        Raises
        ------
        ServiceUnavailable
            Livy does not answer, or with an error.
        """
        try:
            return self.client(deadline).get(endpoint, params=params)
        except requests.RequestException as error:
            if is_not_found(error):
                return None
            raise self.unavailable(error) from error

    def parsed(self, model: type[Answer], answer: Any) -> Answer:
        """An answer as the model says.

        Raises
        ------
        ServiceUnavailable
            The answer has another form: something else answers at Livy's address.
        """
        try:
            return model.model_validate(answer)
        except ValidationError as error:
            raise self._not_livy() from error

    def unavailable(self, error: requests.RequestException) -> ServiceUnavailable:
        """What a failed call means."""
        if isinstance(error, requests.HTTPError):
            status = error.response.status_code
            said = f"Livy at {self.url} answered HTTP {status}: {words_of(error.response)}"
            hint = "Check the user and password in LIVY_URL." if status in _NO_ACCESS else "See Livy's own log."
            return ServiceUnavailable("Livy", said, hint)
        if isinstance(error, requests.exceptions.InvalidJSONError):
            return self._not_livy()
        if was_never_sent(error):
            said = f"Livy at {self.url} cannot be reached."
            return ServiceUnavailable("Livy", said, "Start it, or check LIVY_URL; then try again.")
        if isinstance(error, requests.Timeout):
            said = f"Livy at {self.url} did not answer in time."
            return ServiceUnavailable("Livy", said, "It may be overloaded: try again later.")
        said = f"The connection to Livy at {self.url} broke."
        return ServiceUnavailable("Livy", said, "Try again; see Livy's own log if it stays so.")

    def _not_livy(self) -> ServiceUnavailable:
        return ServiceUnavailable("Livy", f"What answers at {self.url} is not Livy.", "Check LIVY_URL.")


class _BoundedSession(requests.Session):
    """A session whose calls end at a deadline; GET is tried again, nothing else; nothing is redirected."""

    def __init__(self, connect_timeout_s: float, deadline: float) -> None:
        super().__init__()
        self._connect_timeout_s = connect_timeout_s
        self._deadline = deadline

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        attempts = _GET_ATTEMPTS if request.method == "GET" else 1
        kwargs["allow_redirects"] = False
        while True:
            attempts -= 1
            time_left_s = max(self._deadline - time.monotonic(), _SHORTEST_S)
            kwargs["timeout"] = Timeout(connect=min(self._connect_timeout_s, time_left_s), total=time_left_s)
            try:
                response = super().send(request, **kwargs)
            except requests.ConnectionError:
                if attempts == 0 or self._is_nearly_over():
                    raise
            else:
                if attempts == 0 or self._is_nearly_over() or response.status_code not in _BRIEFLY_AWAY:
                    return _not_redirected(response)
            time.sleep(_PAUSE_S)

    def _is_nearly_over(self) -> bool:
        return self._deadline - time.monotonic() < 2 * _PAUSE_S


def is_not_found(error: requests.RequestException) -> bool:
    """Whether the server says that there is no such thing."""
    return error.response is not None and error.response.status_code == HTTPStatus.NOT_FOUND


def is_refusal(error: requests.RequestException) -> bool:
    """Whether the server understood the request and will not do it."""
    if error.response is None or error.response.status_code in _NO_ACCESS:
        return False
    return HTTPStatus.BAD_REQUEST <= error.response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR


def was_never_sent(error: requests.RequestException) -> bool:
    """Whether the request cannot have had an effect: there was no connection, or no right to ask."""
    if error.response is not None:
        return error.response.status_code in _NO_ACCESS
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def words_of(response: requests.Response) -> str:
    """What Livy says about an error, on one line."""
    try:
        answer = response.json()
    except requests.exceptions.JSONDecodeError:
        answer = response.text
    said = answer.get("msg", answer) if isinstance(answer, dict) else answer
    return " ".join(str(said).split())[:500] or response.reason


def _not_redirected(response: requests.Response) -> requests.Response:
    if response.is_redirect:
        raise requests.HTTPError("redirected", response=response)
    return response


def _without_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    parts = urlsplit(url.rstrip("/"))
    host = parts.netloc.rpartition("@")[2]
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return urlunsplit((parts.scheme, host, parts.path, "", "")), auth


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
