"""An ASGI application served as `fhir-server serve` serves its own, by one process or several.

python -m benchmarks.hosting package.module:factory PORT WORKERS
"""

import os
import sys

from fhir_server.cli.protocol import Gentle
from fhir_server.cli.worker import config


def main(application: str, port: int, workers: int) -> None:
    """Serve on 127.0.0.1 until a signal ends it."""
    served = config(host="127.0.0.1", port=port)
    served.app = application
    listener = served.bind_socket()
    for _ in range(workers - 1):
        if os.fork() == 0:
            break
    Gentle(served).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
