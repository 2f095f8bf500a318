"""The way to a Livy server: calls that end in time, errors in Livy's own words, no secret in a message.

pylivy has no timeout and hides what Livy says about an error. Its JSON client runs here on a session of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from livy.client import JsonClient
from pydantic import BaseModel, ValidationError

from backend.bounded_http import NO_ACCESS, BoundedSession, was_never_sent
from backend.errors import ServiceUnavailable

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
        session = _LivySession(self.url, self._connect_timeout_s, deadline)
        session.headers["X-Requested-By"] = "alert-quicklook"  # demanded by Livy's protection against forged requests
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
            hint = "Check LIVY_USERNAME and LIVY_PASSWORD." if status in NO_ACCESS else "See Livy's own log."
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


class _LivySession(BoundedSession):
    """Livy never redirects: what does so is something else at its address."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        response = super().send(request, **kwargs)
        if response.is_redirect:
            raise requests.HTTPError("redirected", response=response)
        return response


def is_not_found(error: requests.RequestException) -> bool:
    """Whether the server says that there is no such thing."""
    return error.response is not None and error.response.status_code == HTTPStatus.NOT_FOUND


def is_refusal(error: requests.RequestException) -> bool:
    """Whether the server understood the request and will not do it."""
    if error.response is None or error.response.status_code in NO_ACCESS:
        return False
    return HTTPStatus.BAD_REQUEST <= error.response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR


def words_of(response: requests.Response) -> str:
    """What Livy says about an error, on one line."""
    try:
        answer = response.json()
    except requests.exceptions.JSONDecodeError:
        answer = response.text
    said = answer.get("msg", answer) if isinstance(answer, dict) else answer
    return " ".join(str(said).split())[:500] or response.reason


def _without_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    parts = urlsplit(url.rstrip("/"))
    host = parts.netloc.rpartition("@")[2]
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return urlunsplit((parts.scheme, host, parts.path, "", "")), auth
