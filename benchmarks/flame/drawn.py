"""`python -m benchmarks flame read|write`: where the processor time of a path goes, as a picture.

Reads by id or creates, 32 at once, over the embedded database; the server looks at its own stack
(benchmarks/sampler). The picture is docs/images/flame-<path>.svg.
"""

import argparse
import os
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import levels, server
from benchmarks.exchange import Address
from benchmarks.flame import picture
from benchmarks.measuring import Process, bench
from benchmarks.rows import CREATE, GET, ROWS, Site
from fhir_server.store import embedded

# The workload of a path, and how many of the requests of a round it takes to see enough.
PATHS = {"read": (GET, 10.0), "write": (CREATE, 5.0)}
IMAGES = Path(__file__).parents[2] / "docs" / "images"


def main(arguments: Sequence[str] = ()) -> None:
    """Draw a path, or each."""
    told = argparse.ArgumentParser(prog="python -m benchmarks flame", description=__doc__)
    told.formatter_class = argparse.RawDescriptionHelpFormatter
    told.add_argument("paths", nargs="*", help=f"{' or '.join(PATHS)}; both without")
    asked = told.parse_args(arguments)
    for path in asked.paths or PATHS:
        workload, share = PATHS[path]
        stacks = _sampled(workload, share)
        IMAGES.mkdir(exist_ok=True)
        image = IMAGES / f"flame-{path}.svg"
        image.write_text(picture.drawn(stacks, f"{workload}, 32 at once"), "utf-8")
        print(image)


def _sampled(workload: str, share: float) -> dict[tuple[str, ...], int]:
    """Give how often each stack was seen while a workload ran."""
    row, site = next(one for one in ROWS if one.name == workload), Site()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fhir-bench-")))
        uri = stack.enter_context(embedded.running(folder / "mongodb"))
        stacks = folder / "stacks"
        settings = {"FHIR_MONGODB_URI": uri, "FHIR_AUTH": "none", "BENCH_STACKS": str(stacks)}
        run = server.hosting(
            "benchmarks.flame.sampler:application", settings | server.PATIENT, ready="/health/ready"
        )
        with run as (pid, port), bench() as measured:
            process = Process("server", Address(port), pid)
            levels.load(process.address, site)
            measured.warm(row.workload(site, 1, 0.1), process)
            os.kill(pid, signal.SIGUSR1)
            measured.warm(row.workload(site, 2, share), process)
            os.kill(pid, signal.SIGUSR2)
            while not stacks.exists():
                time.sleep(0.1)
        return picture.read(stacks.read_text("utf-8"))
