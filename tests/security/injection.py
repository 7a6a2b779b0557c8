"""Attacks by what is sent: operators, prototypes, patterns, look-alikes, headers, bodies."""

from collections.abc import Iterator

from tests.security.attacks import Attack
from tests.security.world import A, B

OPERATORS = ("[$ne]=", "[$gt]=", "[0][0][$gt]=", "[$regex]=.*", "[$where]=1", "%5B%24ne%5D=")
NAMES = ("__proto__", "constructor", "$or", "$where", "x._patient", "_patient", "body", "owner",
         "_labels", "x._labels", "_references", "patient.x._patient")  # fmt: skip
PATTERNS = ("/.*/", "(a%2B)%2B$", ".*", "%5C", "*", "%00", "%EF%BC%A1", "%E2%80%AE", "%ED%A0%80",
            "{%22$gt%22:%22%22}", "'%20or%201=1")  # fmt: skip
TYPES = ("Patient", "Observation", "Condition", "Encounter", "Binary")


def operators() -> Iterator[Attack]:
    """Send what the database would take for an operator: N01, N04."""
    for type_ in TYPES:
        for name in ("identifier", "birthdate", "_id", "_tag", "patient"):
            for operator in OPERATORS:
                yield Attack("N01", "GET", f"{type_}?{name}{operator}", "invalid")
        for name in NAMES:
            yield Attack("N04", "GET", f"{type_}?{name}={B}", "invalid")


def patterns() -> Iterator[Attack]:
    """Send values that would match everything if they were patterns: N02, N06."""
    for pattern in PATTERNS:
        for query in (f"name={pattern}", f"name:contains={pattern}", f"identifier={pattern}",
                      f"_id={pattern}", f"_tag={pattern}"):  # fmt: skip
            yield Attack("N02", "GET", f"Patient?{query}", "ours")


def bodies() -> Iterator[Attack]:
    """Send bodies that mean two things, or nothing: N01, N09."""
    base = {"resourceType": "Patient", "id": A}
    for extra in ({"identifier": {"$gt": ""}}, {"$set": {"x": 1}}, {"_id": B},
                  {"x": {"_patient": [A]}}, {"__proto__": {"admin": True}},
                  {"birthDate": {"$ne": None}}):  # fmt: skip
        yield Attack("N01", "PUT", f"Patient/{A}", "invalid", base | extra)


def paths() -> Iterator[Attack]:
    """Go by ways that might be read in two ways: N06, N21, W07."""
    for path in (f"Patient/{A}/../{B}", f"Patient/..%2F{B}", f"Patient//{B}", f"./Patient/{B}",
                 f"Patient/{B}%00", f"Patient/{B}/", f"patient/{B}", f"PATIENT/{B}",
                 f"Patient/{B}%20", f"Patient/{B}.json", f"Patient;x=1/{B}"):  # fmt: skip
        yield Attack("W07", "GET", path, "invalid")
    for header in ("x-http-method-override", "x-original-url", "x-rewrite-url", "x-forwarded-host"):
        yield Attack(
            "R16", "GET", f"Patient/{B}", "absent", headers=((header, f"/fhir/Patient/{B}"),)
        )


CLASSES = {
    "operators": operators,
    "patterns": patterns,
    "bodies": bodies,
    "paths": paths,
}
