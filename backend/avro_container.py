"""Records without a header, joined to one Avro container that other readers can open by a path."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa

GUARD_FIELD = "_quicklook_guard"
GUARD_BYTES = 8
_BUFFER_BYTES = 1 << 20
_SYNC_MARK = b"alert quicklook."


class AvroContainer:
    """Frame the records of one schema, with a guard after each.

    Records in a container are not delimited: a damaged one shifts all that follow, and readers decode garbage without
    an error. So each record gets one more field, of fixed size, with its number on top of a secret start: when all
    guards come back, each record ended exactly where its message ended.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        guard = {"name": GUARD_FIELD, "type": {"type": "fixed", "name": f"{GUARD_FIELD}_t", "size": GUARD_BYTES}}
        text = json.dumps({**schema, "fields": [*schema["fields"], guard]}).encode()
        metadata = {b"avro.schema": text, b"avro.codec": b"null"}
        pairs = b"".join(_sized(key) + _sized(value) for key, value in metadata.items())
        self.header = b"Obj\x01" + _varint(len(metadata)) + pairs + _varint(0) + _SYNC_MARK
        self._first_guard = np.uint64(secrets.randbits(56))

    def pieces(self, values: Sequence[bytes]) -> tuple[list[bytes], pa.Array[Any]]:
        """Build a container of one block.

        Returns
        -------
        tuple
            The container's bytes in pieces, and the guards in order. The block promises one record more than it has:
            a reader that is asked for the true number stops before it would look at the block's end.
        """
        guards = (np.arange(len(values), dtype="<u8") + self._first_guard).tobytes()
        body: list[bytes] = [b""] * (2 * len(values))
        body[0::2] = values
        body[1::2] = [guards[start : start + GUARD_BYTES] for start in range(0, len(guards), GUARD_BYTES)]
        size = sum(map(len, values)) + len(guards)
        column = pa.Array.from_buffers(pa.binary(GUARD_BYTES), len(values), [None, pa.py_buffer(guards)])
        return [self.header, _varint(len(values) + 1), _varint(size), *body, _SYNC_MARK], column


@contextmanager
def open_container(pieces: Sequence[bytes]) -> Iterator[str]:
    """Give the bytes a path while the context is open: in memory where possible, else in a private temporary file."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("alerts"), "wb", _BUFFER_BYTES) as memory:
            memory.writelines(pieces)
            memory.flush()
            yield f"/proc/self/fd/{memory.fileno()}"
    else:
        with tempfile.NamedTemporaryFile(prefix="alerts-", suffix=".avro") as file:
            file.writelines(pieces)
            file.flush()
            yield file.name


def _sized(content: bytes) -> bytes:
    return _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """Avro's encoding of a count that is not negative: zigzag, seven bits a byte, the lowest first."""
    rest = number << 1
    encoded = bytearray()
    while rest > 0x7F:
        encoded.append((rest & 0x7F) | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)
