"""HTTP calls that end in time: what the ways to Livy and to WebHDFS have in common."""

from __future__ import annotations

import os
import time
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError
from urllib3.util import Timeout

NO_ACCESS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_GET_ATTEMPTS = 3
_PAUSE_S = 0.2
_SHORTEST_S = 0.01  # a timeout of zero or less is an error to urllib3
_BRIEFLY_AWAY = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}


class BoundedSession(requests.Session):
    """A session whose calls end at a deadline; GET is tried again, nothing else; nothing is redirected.

    Parameters
    ----------
    url
        Address of the server; a proxy of the environment is not used for one on this machine.
    connect_timeout_s
        Until the server must accept a connection.
    deadline
        By ``time.monotonic``.
    """

    def __init__(self, url: str, connect_timeout_s: float, deadline: float) -> None:
        super().__init__()
        if _is_loopback(url):
            self.trust_env = False  # a proxy cannot reach what runs here; whom to trust holds for a tunnel, too
            self.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
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
                if attempts == 0 or not self.pause():
                    raise
            else:
                if response.status_code not in _BRIEFLY_AWAY or attempts == 0 or not self.pause():
                    return response

    def pause(self) -> bool:
        """Wait before another attempt; False, at once, when there is no time left for one."""
        if self._deadline - time.monotonic() < 2 * _PAUSE_S:
            return False
        time.sleep(_PAUSE_S)
        return True


def was_never_sent(error: requests.RequestException) -> bool:
    """Whether the request cannot have had an effect: there was no connection, or no right to ask."""
    if error.response is not None:
        return error.response.status_code in NO_ACCESS
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
