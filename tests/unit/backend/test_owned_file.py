from __future__ import annotations

import os
from pathlib import Path

import pytest

from backend.owned_file import OwnedByAnother, is_owned, own


def test_a_file_has_one_owner_until_it_lets_go(tmp_path: Path) -> None:
    file = tmp_path / "owner"
    assert not is_owned(file)
    with own(file):
        assert is_owned(file)
        with pytest.raises(OwnedByAnother) as refused:
            own(file)
        assert refused.value.owner == str(os.getpid())
    assert not is_owned(file)
    with own(file):
        assert is_owned(file)
