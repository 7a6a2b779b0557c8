"""Synthetic visits written to a folder: envelopes, transaction Bundles, or NDJSON by type.

One citizen is made, written and forgotten before the next, so memory does not grow.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from fhir_server.fhir import json
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.visit import read
from mappings.mapping import PATIENT, Visit
from mappings.synthetic.envelope import envelope
from mappings.synthetic.plan import Citizen, plan

CITIZENS_A_FOLDER = 1000
_SHARED = ("Organization", "Practitioner")
_URN = re.compile(rb"urn:uuid:[0-9a-f-]{36}")

Fhir = dict[str, Any]


def write(
    out: Path,
    citizens: int,
    seed: int,
    form: str = "envelope",
    advance: Callable[[], object] = lambda: None,
) -> int:
    """Write the visits of citizens 0 to `citizens` - 1 and give the number of files written.

    `form` is envelope (an XML file a visit), bundle (a transaction Bundle a visit), both in a
    folder per 1,000 citizens, or ndjson (<Type>.ndjson). `advance` is called after each citizen.
    Raises OSError as the file system does.
    """
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        keep = _FORMS[form](out, files)
        return sum(_written(keep, plan(seed, number), advance) for number in range(citizens))


def _written(
    keep: Callable[[Citizen], int], citizen: Citizen, advance: Callable[[], object]
) -> int:
    count = keep(citizen)
    advance()
    return count


def _envelopes(out: Path, _: ExitStack) -> Callable[[Citizen], int]:
    def keep(citizen: Citizen) -> int:
        folder = _folder(out, citizen)
        for place, visit in enumerate(citizen.visits, 1):
            name = f"envelope-{citizen.person.number:06}-{place}.xml"
            (folder / name).write_bytes(envelope(citizen, visit))
        return len(citizen.visits)

    return keep


def _bundles(out: Path, _: ExitStack) -> Callable[[Citizen], int]:
    def keep(citizen: Citizen) -> int:
        folder = _folder(out, citizen)
        for place, visit in enumerate(_mapped(citizen), 1):
            name = f"bundle-{citizen.person.number:06}-{place}.json"
            (folder / name).write_bytes(json.dump(to_bundle(visit)))
        return len(citizen.visits)

    return keep


def _folder(out: Path, citizen: Citizen) -> Path:
    folder = out / f"{citizen.person.number // CITIZENS_A_FOLDER:03}"
    folder.mkdir(exist_ok=True)
    return folder


def _ndjson(out: Path, files: ExitStack) -> Callable[[Citizen], int]:
    opened: dict[str, BinaryIO] = {}
    known: set[str] = set()  # organisations and practitioners: a few hundred

    def keep(citizen: Citizen) -> int:
        before = len(opened)
        for resource in _resources(citizen):
            kind, identity = resource["resourceType"], resource["id"]
            if kind in _SHARED:
                if identity in known:
                    continue
                known.add(identity)
            if kind not in opened:
                opened[kind] = files.enter_context((out / f"{kind}.ndjson").open("wb"))
            opened[kind].write(json.dump(resource) + b"\n")
        return len(opened) - before

    return keep


def _mapped(citizen: Citizen) -> Iterator[Visit]:
    for visit in citizen.visits:
        for mapped in read(envelope(citizen, visit)):
            if not isinstance(mapped, Visit):
                raise TypeError(f"the mapping refuses a synthetic visit: {mapped.issues[0]}")
            yield mapped


def _resources(citizen: Citizen) -> Iterator[Fhir]:
    """Give a citizen's resources with ids, references by id; the Patient once, as last seen."""
    person: Fhir = {}
    numbers: dict[str, Fhir] = {}
    for visit in _mapped(citizen):
        urls: dict[bytes, bytes] = {}
        found = []
        for entry in to_bundle(visit)["entry"]:
            resource = {"id": _identity(citizen, entry), **entry["resource"]}
            urls[entry["fullUrl"].encode()] = (
                f"{resource['resourceType']}/{resource['id']}".encode()
            )
            found.append(resource)
        for resource in found:
            line = _URN.sub(lambda url: urls[url[0]], json.dump(resource))  # noqa: B023 used at once
            ready = json.parse_object(line)
            if ready["resourceType"] == PATIENT:
                numbers |= {f"{one['system']}|{one['value']}": one for one in ready["identifier"]}
                person = ready
            else:
                yield ready
    yield person | {"identifier": list(numbers.values())}


def _identity(citizen: Citizen, entry: Fhir) -> str:
    resource = entry["resource"]
    kind = resource["resourceType"]
    if kind == PATIENT:
        name = f"Patient|{citizen.person.seed}|{citizen.person.number}"
    elif kind in _SHARED:
        known = resource["identifier"][0]
        name = f"{known['system']}|{known['value']}"
    else:
        return str(resource["id"])
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


_FORMS: dict[str, Callable[[Path, ExitStack], Callable[[Citizen], int]]] = {
    "envelope": _envelopes,
    "bundle": _bundles,
    "ndjson": _ndjson,
}
