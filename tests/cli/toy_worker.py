"""A worker for tests: `serve` beats until it is asked to end, `fail` cannot start, `stick` hangs.

It does what the file named first says; then come the descriptors every worker is given.
"""

import os
import signal
import sys
import time
from pathlib import Path

how, _, telling = sys.argv[1:]
match Path(how).read_text():
    case "serve":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        while True:
            os.write(int(telling), b".")
            time.sleep(0.05)
    case "stick":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(int(telling), b".")
        time.sleep(600)
    case _:
        sys.exit(3)
