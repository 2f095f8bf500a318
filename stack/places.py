"""Where the stack keeps what it downloads; what it changes lies under ``DATA_DIR``."""

from pathlib import Path

REPOSITORY = Path(__file__).absolute().parents[1]
LOCK_FILE = Path(__file__).absolute().with_name("jars.lock")
JARS_DIR = REPOSITORY / ".jars"
RUNTIMES_DIR = REPOSITORY / ".java"
