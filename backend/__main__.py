"""The command line: ``python -m backend``."""

import gc
import sys

from backend.command_line import main

gc.freeze()  # what is imported stays: the collector need not go through it with each batch of alerts
sys.exit(main(sys.argv[1:]))
