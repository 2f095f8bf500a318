from __future__ import annotations

import os
from pathlib import Path

import pytest

from stack.ownership import OwnedByAnother, is_owned, own


def test_a_folder_has_one_owner_until_it_lets_go(tmp_path: Path) -> None:
    folder = tmp_path / "stack"
    assert not is_owned(folder)
    with own(folder):
        assert is_owned(folder)
        with pytest.raises(OwnedByAnother) as refused:
            own(folder)
        assert refused.value.owner == str(os.getpid())
    assert not is_owned(folder)
    with own(folder):
        assert is_owned(folder)
