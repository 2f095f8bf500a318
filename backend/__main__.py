"""The command line: ``python -m backend``."""

import sys

from backend.command_line import main

sys.exit(main(sys.argv[1:]))
