"""`python -m benchmarks`: the short bench; `full` the whole one, `flame` the pictures of a path."""

import sys

from benchmarks import full, short
from benchmarks.flame import drawn as flame

KINDS = {"full": full.main, "flame": flame.main}

if __name__ == "__main__":
    first, *rest = [*sys.argv[1:], ""]
    KINDS[first](rest[:-1]) if first in KINDS else short.main(sys.argv[1:])
