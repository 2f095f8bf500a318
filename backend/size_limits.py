"""How large a transfer may be: asked about above one size, refused above another."""

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
            f"It would bring {some} {_gigabytes(estimate.size_bytes)}; more than {_gigabytes(self.largest_bytes)} is"
            " refused."
        )


def _gigabytes(size_bytes: int) -> str:
    size = size_bytes / 1e9
    return f"{size:,.0f} GB" if size >= 10 else f"{size:,.3g} GB"
