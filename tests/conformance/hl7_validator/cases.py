"""HL7's validator cases as they lie in a checkout of FHIR/fhir-test-cases: what to check, and how
the Java validator judged it.

The checkout is read where `FHIR_TEST_CASES` says; nothing of it is kept here but names.
https://github.com/FHIR/fhir-test-cases
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

VARIABLE = "FHIR_TEST_CASES"
SERVER = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-server"


@dataclass(frozen=True, slots=True)
class Told:
    """One error of the Java validator; `server` says that a terminology server found it."""

    text: str
    place: str
    server: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One resource and what it is checked against: the standard, or a profile too.

    `errors` are Java's, None where none are recorded; `options` is the entry of the manifest.
    """

    name: str
    module: str
    version: str
    folder: Path
    file: Path
    profile: str
    supporting: tuple[str, ...]
    options: Mapping[str, Any]
    errors: tuple[Told, ...] | None


def folder() -> Path | None:
    """Give the folder of the validator's cases, if a checkout is here."""
    named = os.environ.get(VARIABLE)
    return Path(named) / "validator" if named else None


def read(here: Path) -> list[Case]:
    """Give every case; one with a profile is two: `name` and `name#profile`."""
    manifest = json.loads((here / "manifest.json").read_text())
    return [case for entry in manifest["test-cases"] for case in _cases(here, entry)]


def _cases(here: Path, entry: Mapping[str, Any]) -> Iterator[Case]:
    plain = _case(here, entry)
    yield plain
    if profile := entry.get("profile"):
        options = {**entry, "java": None, **profile, "name": f"{entry['name']}#profile"}
        supporting = (*plain.supporting, *profile.get("supporting", ()), profile["source"])
        yield replace(_case(here, options), profile=profile["source"], supporting=supporting)


def _case(here: Path, entry: Mapping[str, Any]) -> Case:
    return Case(
        name=entry["name"],
        module=entry.get("module", "(default)"),
        version=entry.get("version", "5.0"),
        folder=here,
        file=here / entry["file"],
        profile="",
        supporting=(*entry.get("supporting", ()), *entry.get("profiles", ())),
        options=entry,
        errors=_errors(here, entry.get("java")),
    )


def _errors(here: Path, recorded: Any) -> tuple[Told, ...] | None:
    if isinstance(recorded, str):
        file = here / "outcomes" / recorded
        return _of(json.loads(file.read_text())) if file.exists() else None
    if not isinstance(recorded, dict):
        return None
    if "outcome" in recorded:
        return _of(recorded["outcome"])
    if "errorCount" not in recorded:
        return None
    return (Told("its text is not recorded", "", server=False),) * recorded["errorCount"]


def _of(outcome: Mapping[str, Any]) -> tuple[Told, ...]:
    return tuple(
        Told(
            text=issue.get("details", {}).get("text", issue.get("diagnostics", "")),
            place=" ".join(issue.get("expression", ())),
            server=any(extension["url"] == SERVER for extension in issue.get("extension", ())),
        )
        for issue in outcome.get("issue", ())
        if issue["severity"] in ("error", "fatal")
    )
