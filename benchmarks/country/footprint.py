"""`python -m benchmarks.country.footprint`: what visits and their audit weigh, what indexes cost.

Synthetic visits are submitted to a server over the embedded database; then it is asked what each
collection and each index holds, and what inserting the same documents costs it with each index and
without. docs/search-performance.md and docs/scale.md have the figures.
"""

import json
import tempfile
import urllib.request
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise, product
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import bson
import pymongo
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from benchmarks.legal.certificates import people
from benchmarks.server import DATABASE, children, cpu_seconds, serving
from benchmarks.workloads import SEED
from fhir_server.fhir.audit_event import TYPE, Access, Actor, Fact, body
from fhir_server.main import default_indexes, definitions
from fhir_server.search.audit_event import fields
from fhir_server.store import embedded
from mappings.synthetic.envelope import envelope
from mappings.synthetic.plan import plan

KEPT = Path(__file__).parent / "footprint.json"
CITIZENS, EVENTS, CERTIFICATES = 60, 2_000, 20
INSERTED, ROUNDS, AT_ONCE = 400, 5, 50
COSTED = ("AuditEvent", "Observation", "Provenance")
PAGE = 32 * 1024
# What WiredTiger keeps beside a key: its length, and the number of the document.
_CELL = 8

Keys = Sequence[tuple[str, int]]
Document = Mapping[str, Any]


def events(number: int) -> Iterator[dict[str, Any]]:
    """Give AuditEvents as the server keeps them: a practitioner of one hospital reads records."""
    spec = definitions()
    for place in range(number):
        ts = 1_764_000_000_000_000 + place * 100_000
        patient, user = _id(place % 300), f"Practitioner/{_id(place % 40 + 1_000)}"
        actor = Actor("hospital-app", user, (_id(place % 7 + 2_000),), f"{place:032x}")
        access = Access("read", actor, "https://example.org/fhir", f"{place:032x}")
        read, identity = f"Observation/{_id(place + 10_000)}", _id(place + 100_000)
        fact = Fact(access, identity, ts, patient, (read,), "Observation")
        yield {
            "_id": identity,
            "v": 1,
            "ts": ts,
            "method": "create",
            "body": body(fact),
            "f": "0123456789abcdef",
            "x": fields(spec, fact),
            "mac": bytes(32),
        }


def _id(number: int) -> str:
    return str(uuid5(NAMESPACE_URL, str(number)))


def entries(document: Document, keys: Keys) -> list[str]:
    """Give the entries of a document in an index, as texts that sort as the index does by field."""
    return ["\0".join(one) for one in product(*(_values(document, name) for name, _ in keys))]


def _values(document: Any, name: str) -> list[str]:
    for part in name.split("."):
        document = document.get(part) if isinstance(document, Mapping) else None
    several = document if isinstance(document, list) else [document]
    return [f"{one:020}" if isinstance(one, int) else str(one or "") for one in several]


def packed(found: Sequence[str]) -> float:
    """Give the bytes an entry takes where each is kept without what it begins with alike."""
    ordered = sorted(found)
    kept = (len(new) - alike(old, new) for old, new in pairwise(["", *ordered]))
    return _CELL + sum(kept) / max(len(ordered), 1)


def alike(old: str, new: str) -> int:
    """Give how many characters both begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))


def compressed(documents: Sequence[RawBSONDocument]) -> float:
    """Give how much of documents is left by zlib, one of MongoDB's compressors, page by page."""
    whole = b"".join(one.raw for one in documents)
    pages = [whole[at : at + PAGE] for at in range(0, len(whole), PAGE)]
    return sum(len(zlib.compress(one, 6)) for one in pages) / max(len(whole), 1)


def submit(port: int) -> int:
    """Submit every visit of the citizens; give how many there were."""
    visits = 0
    for number in range(CITIZENS):
        citizen = plan(SEED, number)
        for visit in citizen.visits:
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/fhir/$submit-document",
                envelope(citizen, visit),
                {"Content-Type": "application/xml"},
            )
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server, http
                answer.read()
            visits += 1
    return visits


def certify(uri: str, folder: Path) -> None:
    """Take applications as far as the certificate, in the legal base."""
    legal = {"FHIR_LEGAL": "true", "FHIR_LEGAL_FOLDER": str(folder), "FHIR_LEGAL_MONGODB_URI": uri}
    rates = dict.fromkeys(("FHIR_RATE_ADDRESS", "FHIR_RATE_CLIENT"), "0")
    with serving(uri, **{"FHIR_AUTH": "smart", **legal, **rates}) as (_, port, _):
        office = people(uri, DATABASE, port)
        for number in range(CERTIFICATES):
            office.issue(number)


def weigh(database: Database[RawBSONDocument], cases: int) -> list[dict[str, Any]]:
    """Give what each collection holds: documents for each of the cases, and what one takes."""
    found = []
    for name in sorted(database.list_collection_names()):
        rows = list(database[name].find())
        if not rows:
            continue
        documents = [bson.decode(one.raw) for one in rows]
        indexes = [list(one["key"].items()) for one in database[name].list_indexes()]
        made = [list(chain(*(entries(one, keys) for one in documents))) for keys in indexes]
        told, count = database.command("collStats", name), len(rows)
        found.append({
            "collection": name,
            "a case": round(count / cases, 3),
            "bytes": round(told["size"] / count),
            "compressed": round(compressed(rows), 3),
            "indexes": len(indexes),
            "entries": round(sum(map(len, made)) / count, 1),
            "keys": round(sum(told["indexSizes"].values()) / count),
            "packed": round(sum(packed(one) * len(one) for one in made) / count),
        })  # fmt: skip
    return found


def cost(
    database: Database[RawBSONDocument], pid: int, name: str, rows: Sequence[RawBSONDocument]
) -> None:
    """Print for each index of a collection what it alone adds to an insert of these documents."""
    found = [list(one["key"].items()) for one in database[name].list_indexes()]
    indexes = [keys for keys in found if keys != [("_id", 1)]]
    documents = [bson.decode(one.raw) for one in rows]
    ways = [[], indexes, *([one] for one in indexes)]
    rounds = [[_inserted(database, pid, some, rows) for some in ways] for _ in range(ROUNDS)]
    none, whole, *alone = map(min, zip(*rounds, strict=True))
    print(f"\n{name}: {whole:.2f} ms of the database an insert, {none:.2f} without any index\n")
    print("| index | entries | without a value | ms of an insert | bytes of keys | packed |")
    print("|---|---|---|---|---|---|")
    told = database.command("collStats", name)
    for keys, more in zip(indexes, alone, strict=True):
        made = list(chain(*(entries(one, keys) for one in documents)))
        each = len(made) / len(documents)
        bare = sum(not any(_values(one, keys[0][0])) for one in documents) / len(documents)
        size = told["indexSizes"]["_".join(f"{field}_{way}" for field, way in keys)]
        shown = " ".join(f"{'-' * (way < 0)}{field}" for field, way in keys)
        print(
            f"| `{shown}` | {each:.1f} | {bare:.0%} | {more - none:.2f} "
            f"| {size / told['count']:.0f} | {packed(made) * each:.0f} |"
        )


def _inserted(
    database: Database[RawBSONDocument],
    pid: int,
    indexes: Sequence[Keys],
    rows: Sequence[RawBSONDocument],
) -> float:
    """Give the ms of processor the database takes for each document."""
    # The embedded database is slow to drop, and another name costs nothing.
    costed = database[f"costed_{uuid4().hex}"]
    if indexes:
        costed.create_indexes([pymongo.IndexModel(list(one)) for one in indexes])
    began = cpu_seconds(pid)
    for at in range(0, len(rows), AT_ONCE):
        costed.insert_many(rows[at : at + AT_ONCE])
    return (cpu_seconds(pid) - began) / len(rows) * 1_000


def audit(database: Database[Any]) -> None:
    """Keep AuditEvents as reads leave them, under the indexes the server gives them."""
    wanted = (*default_indexes()["*"], *default_indexes()[TYPE])
    database[TYPE].create_indexes(
        [pymongo.IndexModel([(field, way) for field, way in keys]) for keys in wanted]
    )
    database[TYPE].insert_many([*events(EVENTS)])


def table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Give rows as a table."""
    yield f"| {' | '.join(rows[0])} |"
    yield f"|{'---|' * len(rows[0])}"
    for row in rows:
        cells = (f"{one:,}" if isinstance(one, int) else str(one) for one in row.values())
        yield f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure, print the tables, and keep what benchmarks/country/scale.py reckons with."""
    with tempfile.TemporaryDirectory(prefix="fhir-footprint-") as folder:
        data = Path(folder) / "mongodb"
        with embedded.running(data) as uri:
            [pid] = children()
            with serving(uri) as (_, port, _):
                visits = submit(port)
            certify(uri, Path(folder) / "legal")
            client: pymongo.MongoClient[RawBSONDocument] = pymongo.MongoClient(
                uri, document_class=RawBSONDocument
            )
            with client:
                database = client[DATABASE]
                audit(database)
                health = weigh(database, visits)
                legal = weigh(client[f"{DATABASE}_legal"], CERTIFICATES)
                kept = {"visits": visits, "visit": health, "certificate": legal}
                KEPT.write_text(json.dumps(kept, indent=1) + "\n")
                print(f"{visits} visits of {CITIZENS} citizens; {EVENTS} AuditEvents beside\n")
                print("\n".join(table(health)))
                print(f"\n{CERTIFICATES} certificates\n")
                print("\n".join(table(legal)))
                for name in COSTED:
                    cost(database, pid, name, list(database[name].find(limit=INSERTED)))


if __name__ == "__main__":
    main()
