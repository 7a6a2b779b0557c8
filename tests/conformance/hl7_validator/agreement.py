"""Whether this server and the Java validator agree that a resource is free of errors."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from fhir_server.fhir.errors import Issue
from fhir_server.spec.spec import Spec
from tests.conformance.hl7_validator.cases import Case, read
from tests.conformance.hl7_validator.scope import excluded
from tests.conformance.hl7_validator.trial import errors

LISTED = Path(__file__).parent / "disagreements.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case and the errors this server finds in it."""

    case: Case
    ours: list[Issue]

    @property
    def agreed(self) -> bool:
        return bool(self.ours) == bool(self.case.errors)


def run(spec: Spec, here: Path) -> tuple[list[Outcome], Counter[str]]:
    """Give the outcome of every case asked, and how many are not, by reason."""
    cases = [(case, excluded(case)) for case in read(here)]
    asked = [Outcome(case, errors(spec, case)) for case, reason in cases if not reason]
    return asked, Counter(reason for _, reason in cases if reason)


def listed() -> dict[str, str]:
    """Give the disagreements that are known, each with its reason."""
    return json.loads(LISTED.read_text())
