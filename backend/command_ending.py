"""How a command ends: its exit code, and what is said of an error.

Exit codes: 0 done; 1 the transfer failed, was aborted, what was read is partial, or what was verified differs; 2 the
request, the arguments or the settings are not valid; 3 a service does not answer; 130 interrupted.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

from backend.errors import InvalidRequest, InvalidSettings, QuicklookError, ServiceUnavailable, StoreInUse

OK, FAILED, INVALID, UNAVAILABLE, INTERRUPTED = 0, 1, 2, 3, 130


def ending_of(command: Callable[[], int], *, as_json: bool) -> int:
    """Run a command and give its exit code; everything but its result goes to standard error.

    Parameters
    ----------
    as_json
        On standard output there is one JSON value, also when it fails.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        code = command()
        sys.stdout.flush()
        return code
    except (InvalidRequest, InvalidSettings, StoreInUse) as error:
        return _fail(error, INVALID, as_json)
    except ServiceUnavailable as error:
        return _fail(error, UNAVAILABLE, as_json)
    except QuicklookError as error:
        return _fail(error, FAILED, as_json)
    except BrokenPipeError:  # who reads the output has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would fail again at its end
        return OK
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on from here.", file=sys.stderr)
        return INTERRUPTED


def print_result(result: Any, print_for_people: Callable[[], None], *, as_json: bool) -> None:
    """Print what a command found."""
    if as_json:
        json.dump(result, sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        print_for_people()


def _fail(error: QuicklookError, code: int, as_json: bool) -> int:
    print(error, file=sys.stderr)
    for line in getattr(error, "log_tail", ()):
        print(f"  {line}", file=sys.stderr)
    if as_json:
        json.dump({"error": error.message, "hint": error.hint}, sys.stdout)
        print()
    return code
