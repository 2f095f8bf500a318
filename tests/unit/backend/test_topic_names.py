"""Which names topics can have."""

from __future__ import annotations

import pytest

from backend.topic_names import READABLE_NAME


@pytest.mark.parametrize("name", ["ftransfer_ztf_2024-09-01_1", "fink.sn_candidates", "...", "a" * 241])
def test_a_topic_of_another_tool_can_be_read(name: str) -> None:
    assert READABLE_NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a b", "..\n", "a" * 242])
def test_what_would_lead_out_of_a_folder_or_is_no_name_is_no_topic(name: str) -> None:
    assert not READABLE_NAME.fullmatch(name)
