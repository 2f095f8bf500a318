"""The one way to files that the cluster sees too: on this machine, on HDFS, or wherever else fsspec reaches."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import fsspec

from backend.config import Settings
from backend.errors import InvalidSettings
from backend.hdfs_files import HdfsFiles
from backend.webhdfs import WebHdfs, WebHdfsAccess

HDFS = "hdfs"
_HTTP = {"webhdfs": "http", "swebhdfs": "https"}


class SharedFiles:
    """Opens addresses. The cluster has them as they are; from here, HDFS is reached over WebHDFS.

    Parameters
    ----------
    access
        How ``hdfs://`` is reached; without addresses, not at all.
    """

    def __init__(self, access: WebHdfsAccess) -> None:
        self._access = access

    @classmethod
    def of(cls, settings: Settings) -> SharedFiles:
        """Those that the settings tell the way to."""
        addresses = tuple(each.strip().rstrip("/") for each in (settings.webhdfs_url or "").split(",") if each.strip())
        return cls(
            WebHdfsAccess(
                addresses,
                settings.webhdfs_user or settings.user,
                settings.webhdfs_kerberos,
                settings.connect_timeout_s,
                settings.request_timeout_s,
            )
        )

    def open(self, uri: str) -> tuple[Any, str]:
        """The file system of an address, of fsspec, and the path in it; nothing is contacted yet.

        Raises
        ------
        InvalidSettings
            There is no way to it: the message names the setting, or the package, that is missing.
        """
        protocol, separator, rest = uri.partition("://")
        authority, _, path = rest.partition("/")
        if separator and protocol in (HDFS, *_HTTP):
            return HdfsFiles(self._way_to(protocol, authority)), f"/{path.strip('/')}"
        try:
            file_system, plain_path = fsspec.core.url_to_fs(uri)
        except (ImportError, ValueError) as error:
            raise InvalidSettings(f"Files at {protocol}://… cannot be reached: {error}.") from error
        return file_system, str(plain_path)

    def _way_to(self, protocol: str, authority: str) -> WebHdfs:
        if protocol in _HTTP:
            return WebHdfs(replace(self._access, addresses=(f"{_HTTP[protocol]}://{authority}",)))
        if not self._access.addresses:
            raise InvalidSettings(
                f"The way from here to hdfs://{authority} is not known.",
                "Set WEBHDFS_URL to the NameNode's address for WebHDFS, such as http://namenode:9870.",
            )
        return self._to_hdfs

    @cached_property
    def _to_hdfs(self) -> WebHdfs:
        """One for all: it remembers which of a pair is active."""
        return WebHdfs(self._access)


WITHOUT_HDFS = SharedFiles(WebHdfsAccess(addresses=()))
"""Opens what needs no settings."""
