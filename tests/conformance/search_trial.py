"""Every search parameter of R4 on every type, asked of a server that holds official examples."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.client import Client
from tests.conformance.made import made
from tests.conformance.search_values import asked, bogus, has
from tests.oracle.definitions import ABSTRACT, TYPES, codes, parameter

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / ".cache" / "r4-examples" / "package"
# Without the package: its cross-section.
FOLDER = PACKAGE if PACKAGE.exists() else HERE / "r4_examples"
BROKEN = json.loads((HERE / "broken_examples.json").read_bytes())
CHECKS = ("declared", "found", "POST", "not found", "missing", "sort")
# What has no order is refused as a key of one.
UNSORTED = ("composite", "special")
AT_ONCE = 16
MOST = 1_000

# A code, or a code of one type, and why it is not tried.
UNTRIED = {
    "_query": "names a query of the server's own; there are none",
    "Patient.age": "R4 gives no expression",
    "Patient.birthOrderBoolean": "R4 gives no expression",
    "Binary._content": "there is no narrative to take a word from",
    "Bundle._content": "there is no narrative to take a word from",
    "Parameters._content": "there is no narrative to take a word from",
}

Resource = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """One parameter of a type, the resource to find, and the question that finds it."""

    type: str
    code: str
    kind: str
    identity: str
    asked: tuple[str, str]
    by_example: bool
    faults: dict[str, str] = field(default_factory=dict)


@cache
def types() -> tuple[str, ...]:
    return tuple(
        sorted(
            name
            for name, row in TYPES.items()
            if row["kind"] == "resource" and name not in ABSTRACT
        )
    )


def untried(type_: str) -> set[str]:
    return {code for code in codes(type_) if UNTRIED.keys() & {code, f"{type_}.{code}"}}


def examples(type_: str) -> Iterator[tuple[bytes, Resource]]:
    """Yield the examples of a type, smallest first; decimals are texts with all their digits."""
    files = [file for file in FOLDER.glob(f"{type_}-*.json") if file.name not in BROKEN]
    for file in sorted(files, key=lambda file: (file.stat().st_size, file.name)):
        body = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
        yield body, json.loads(body, parse_float=str)


def prepared(type_: str) -> tuple[list[tuple[bytes, Resource]], list[Trial]]:
    """Give the resources of a type that have a value for each of its parameters; the trials."""
    left = [code for code in codes(type_) if code not in untried(type_)]
    chosen: list[tuple[bytes, Resource]] = []
    trials = []
    for body, resource in examples(type_):
        tried = _trials(type_, left, resource, by_example=True)
        if tried:
            chosen.append((body, resource))
            trials += tried
            found = {one.code for one in tried}
            left = [code for code in left if code not in found]
        if not left:
            break
    chosen += [(json.dumps(one).encode(), one) for one in made(type_, left)]
    for _, resource in chosen[::-1]:
        tried = _trials(type_, left, resource, by_example=False)
        trials += tried
        left = [code for code in left if code not in {one.code for one in tried}]
    return chosen, sorted(trials, key=lambda one: one.code)


def _trials(type_: str, left: list[str], resource: Resource, *, by_example: bool) -> list[Trial]:
    pairs = [(code, asked(type_, code, resource)) for code in left]
    return [
        Trial(type_, code, parameter(type_, code)["type"], resource["id"], pair, by_example)
        for code, pair in pairs
        if pair
    ]


async def run(fhir: Client) -> list[Trial]:
    """Try everything; each trial holds the faults that were found, by check."""
    statement = (await fhir.get("metadata")).json()
    declared = {
        row["type"]: {one["name"]: one["type"] for one in row.get("searchParam", [])}
        for row in statement["rest"][0]["resource"]
    }
    tried = []
    for type_ in types():
        chosen, trials = prepared(type_)
        await _gathered(_put(fhir, body, resource) for body, resource in chosen)
        resources = [resource for _, resource in chosen]
        for one in trials:
            if declared[type_].get(one.code) != one.kind:
                one.faults["declared"] = "it is not in the CapabilityStatement"
        await _gathered(_try(fhir, one, resources) for one in trials)
        tried += trials
    return tried


async def _gathered(tasks: Any) -> None:
    limit = asyncio.Semaphore(AT_ONCE)

    async def bounded(task: Any) -> None:
        async with limit:
            await task

    await asyncio.gather(*(bounded(task) for task in tasks))


async def _put(fhir: Client, body: bytes, resource: Resource) -> None:
    answer = await fhir.put(f"{resource['resourceType']}/{resource['id']}", body)
    assert answer.is_success, f"{body[:200]!r} {answer.text}"


async def _try(fhir: Client, trial: Trial, resources: list[Resource]) -> None:
    for check, method in (("found", "GET"), ("POST", "POST")):
        found = await _ids(fhir, trial, check, trial.asked, method)
        if found is not None and trial.identity not in found:
            trial.faults[check] = f"{'='.join(trial.asked)} does not find {trial.identity}"
    nothing = bogus(trial.type, trial.code)
    found = await _ids(fhir, trial, "not found", (trial.code, nothing))
    if found:
        trial.faults["not found"] = f"{trial.code}={nothing} finds {sorted(found)}"
    await _missing(fhir, trial, resources)
    await _sorted(fhir, trial, resources)


async def _sorted(fhir: Client, trial: Trial, resources: list[Resource]) -> None:
    url = f"/fhir/{trial.type}?_sort={trial.code}&_count={MOST}"
    answer = await fhir.http.get(url)
    body = json.loads(answer.content)
    if trial.kind in UNSORTED:
        if answer.status_code != 400:
            trial.faults["sort"] = f"{answer.status_code} where it cannot be sorted by"
    elif answer.status_code != 200:
        trial.faults["sort"] = f"{answer.status_code}: {body}"
    elif len(body["entry"]) != len(resources):
        trial.faults["sort"] = f"{len(body['entry'])} of {len(resources)} resources"


async def _missing(fhir: Client, trial: Trial, resources: list[Resource]) -> None:
    if trial.code == "_filter":
        # It is no value of a resource.
        answer = await fhir.get(f"{trial.type}?_filter:missing=true")
        if answer.status_code != 400:
            trial.faults["missing"] = f"{answer.status_code} where nothing can be missing"
        return
    missing, there = [
        await _ids(fhir, trial, "missing", (f"{trial.code}:missing", value))
        for value in ("true", "false")
    ]
    if missing is None or there is None:
        return
    # A value that cannot be asked for, such as a reference that is only a display, may be either.
    wrong = {
        one["id"]
        for one in resources
        if (one["id"] in missing) == (one["id"] in there)
        or (one["id"] in missing and asked(trial.type, trial.code, one))
        or (one["id"] in there and not has(trial.type, trial.code, one))
    }
    if wrong:
        trial.faults["missing"] = f"wrong about {sorted(wrong)}"


async def _ids(
    fhir: Client, trial: Trial, check: str, pair: tuple[str, str], method: str = "GET"
) -> set[str] | None:
    """Give the ids a search finds; None, and a fault, where it is refused."""
    url, parameters = f"/fhir/{trial.type}", dict([pair, ("_count", str(MOST))])
    if method == "GET":
        answer = await fhir.http.get(url, params=parameters)
    else:
        answer = await fhir.http.post(f"{url}/_search", data=parameters)
    body = json.loads(answer.content)
    if answer.status_code != 200:
        issues = "; ".join(one.get("diagnostics", "") for one in body.get("issue", []))
        trial.faults[check] = f"{answer.status_code}: {issues}"
        return None
    assert [one["relation"] for one in body["link"]] == ["self"]
    return {entry["resource"]["id"] for entry in body.get("entry", [])}
