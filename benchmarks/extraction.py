"""What reading the search fields of a resource costs, of every parameter of its type."""

import statistics
import time
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.validation import ROUNDS, examples
from fhir_server.fhir import json
from fhir_server.search.index import index_fields
from fhir_server.search.place import Place
from fhir_server.spec.spec import load
from fhir_server.terminology.ucum import canonical


def measured() -> dict[str, Any]:
    """Give median and 90th percentile in µs, the best of a few rounds of each official example."""
    spec = load()
    spec.check()
    place = Place(("http://127.0.0.1/fhir",), ZoneInfo("Asia/Ho_Chi_Minh"), spec.types, canonical)
    taken = []
    for _, body in examples(spec):
        resource = {"id": "x", **json.parse_object(body)}
        rounds = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            index_fields(spec, resource, place, identity=resource["id"])
            rounds.append(time.perf_counter() - began)
        taken.append(min(rounds) * 1e6)
    tenths = statistics.quantiles(taken, n=10)
    return {"resources": len(taken), "median_us": statistics.median(taken), "p90_us": tenths[-1]}
