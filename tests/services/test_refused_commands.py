"""``python -m backend`` where nothing can be done: it says why, soon, and leaves no trace."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from backend.config import Settings
from backend.transfer_log import TransferLog
from tests.services.conftest import REQUEST
from tests.support.command_line import NAMED_WITHIN_S, UNREACHABLE, CommandLine

pytestmark = pytest.mark.timeout(600)  # the first test waits for the servers


def traces(settings: Settings) -> tuple[set[str], list[str], set[str]]:
    """Topics, transfers in the log, plans: what a submission makes."""
    topics = set(
        AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers or ""}).list_topics(timeout=10).topics
    )
    plans = {str(path) for path in Path(settings.data_dir, "scripts").rglob("*.json")}
    return topics, [transfer.id for transfer in TransferLog(settings.data_dir / "transfers.sqlite").list()], plans


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nights: {start: 2024-09-01\n", ["not YAML", "line 2, column 1"]),
        (REQUEST + "clases: [Unknown]\n", ["no field clases", "Did you mean classes?"]),
        (REQUEST + "conditions: candidate.magpfs > 19;\n", ["line 1, column 1", "candidate.magpsf"]),
        (REQUEST + "conditions: |\n  candid > 1;\n  1 < (SELECT 1);\n", ["line 2, column "]),
        (REQUEST + "classes: [(Fink) SN candidat]\n", ["no class '(Fink) SN candidat'", "(Fink) SN candidate"]),
        (REQUEST.replace("2024-09-02", "2024-08-31"), ["2024-08-31", "lies before the first"]),
        (REQUEST.replace("lightcurve", "[candidate.magpsd]"), ["no field candidate.magpsd", "candidate.magpsf"]),
        (REQUEST.replace("2024-09-01", "2018-01-01"), ["2018-01-01", "before the archive's first"]),
    ],
    ids=["YAML", "field", "column", "sub-query", "class", "reversed nights", "content", "too early"],
)
def test_a_bad_request_is_refused_and_leaves_no_trace(
    quicklook: CommandLine, settings: Settings, text: str, said: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "request.yml"
    file.write_text(text)
    before = traces(settings)
    answer = quicklook("submit", file)
    assert (answer.code, answer.out) == (2, "")
    assert all(each in answer.notes for each in said), answer.notes
    assert traces(settings) == before


def test_a_file_that_is_not_there_is_said_to_programs_too(quicklook: CommandLine, tmp_path: Path) -> None:
    answer = quicklook("submit", tmp_path / "none.yml", "--json")
    assert answer.code == 2
    assert "none.yml cannot be read" in answer.json["error"]


@pytest.fixture
def silent_address() -> Iterator[str]:
    """Where connections are accepted and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("LIVY_URL", f"http://{UNREACHABLE}", f"Livy at http://{UNREACHABLE} cannot be reached"),
        ("LIVY_URL", "http://{silent}", "Livy at http://{silent} did not answer in time"),
        ("KAFKA_BOOTSTRAP_SERVERS", UNREACHABLE, f"Kafka at {UNREACHABLE} cannot be reached"),
        ("KAFKA_BOOTSTRAP_SERVERS", "{silent}", "Kafka at {silent} cannot be reached"),
        ("ARCHIVE_URI", "/no/such/archive", "There is no archive at /no/such/archive"),
    ],
    ids=["Livy down", "Livy silent", "Kafka down", "Kafka silent", "archive missing"],
)
def test_a_service_that_is_away_is_named_soon_and_nothing_half_created_stays(
    quicklook: CommandLine,
    settings: Settings,
    request_file: Path,
    silent_address: str,
    setting: str,
    value: str,
    said: str,
) -> None:
    before = traces(settings)
    answer = quicklook.but(**{setting: value.format(silent=silent_address)})("submit", request_file, "--json")
    assert answer.code == 3
    assert answer.json["error"].startswith(said.format(silent=silent_address))
    assert answer.json["hint"]
    assert answer.seconds < NAMED_WITHIN_S
    assert traces(settings) == before
