"""How large a transfer may be (asked about above one size, refused above another), and how a size is said."""

from __future__ import annotations

from backend.frozen import Frozen
from backend.models import Estimate


class SizeLimits(Frozen):
    """The two sizes of an installation.

    Attributes
    ----------
    confirm_bytes
        Above this size a submission asks to confirm.
    largest_bytes
        Above this size a submission is refused.
    """

    confirm_bytes: int
    largest_bytes: int

    def asks(self, estimate: Estimate) -> bool:
        """Whether to ask before submitting."""
        return estimate.size_bytes > self.confirm_bytes

    def refusal(self, estimate: Estimate) -> str:
        """Why a request of this size cannot be submitted, as a sentence; empty when it can."""
        if estimate.size_bytes <= self.largest_bytes:
            return ""
        some = "up to" if estimate.not_counted else "some"
        return (
            f"It would bring {some} {size_text(estimate.size_bytes)}; more than {size_text(self.largest_bytes)} is"
            " refused."
        )


def size_text(size_bytes: float) -> str:
    """A size as people read it: ``17 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 999.5:  # would be rounded to 1000, which is one of the next unit
            return f"{size_bytes:.3g} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.3g} TB"
