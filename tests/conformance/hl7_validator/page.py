"""The page that says how far this server and the Java validator agree.

`python -m tests.conformance.hl7_validator.page` runs the cases and writes
docs/conformance-validator.md; nothing of HL7's files is in it but the names of cases.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from fhir_server.main import definitions
from tests.conformance.hl7_validator.agreement import Outcome, listed, run
from tests.conformance.hl7_validator.cases import VARIABLE, folder

PAGE = Path(__file__).parents[3] / "docs" / "conformance-validator.md"
HEAD = """# HL7's cases for validators

HL7 keeps a public collection of resources, good and bad, with what its own validator (in Java) says
of each: [FHIR/fhir-test-cases](https://github.com/FHIR/fhir-test-cases). This server reads the same
files by its own JSON and XML codecs and validates them with its own rules; the two agree on a case
when both find an error or neither does. Warnings are not compared. A case with a profile of its own
is two: the resource alone, and the resource against the profile.

The collection is not part of this repository. With a checkout of it,
`FHIR_TEST_CASES=… pytest tests/conformance/test_hl7_validator.py` holds this page, and the list of
differences in it, equal to what a run gives. `python -m tests.conformance.hl7_validator` prints
what both sides say of each difference; `python -m tests.conformance.hl7_validator.page` writes
this page.
"""


def page(outcomes: Sequence[Outcome], left_out: Counter[str]) -> str:
    """Give the page, Markdown."""
    return "\n".join([HEAD, *summary(outcomes, left_out), "", *_differences(outcomes)]) + "\n"


def summary(outcomes: Sequence[Outcome], left_out: Counter[str]) -> Iterator[str]:
    """Give the tables: agreement by module, and what was not asked."""
    asked = Counter(outcome.case.module for outcome in outcomes)
    agreed = Counter(outcome.case.module for outcome in outcomes if outcome.agreed)
    yield from ("| Module | Cases | Agreed |", "|---|---|---|")
    yield from (f"| {name} | {count} | {agreed[name]} |" for name, count in sorted(asked.items()))
    total, same = asked.total(), agreed.total()
    yield f"| **all** | {total} | {same} ({same / total:.1%}) |"
    yield from ("", "| Not asked | Cases |", "|---|---|")
    rows = sorted(left_out.items(), key=lambda row: (-row[1], row[0]))
    yield from (f"| {reason} | {count} |" for reason, count in rows)


def _differences(outcomes: Sequence[Outcome]) -> Iterator[str]:
    reasons = listed()
    yield from ("## Where they differ", "", "| Case | Java | Here | Why |", "|---|---|---|---|")
    for one in sorted(outcomes, key=lambda one: (one.case.module, one.case.name)):
        if not one.agreed:
            java, here = ("error" if found else "good" for found in (one.case.errors, one.ours))
            why = reasons.get(one.case.name, "not looked at yet")
            yield f"| {one.case.module}: {one.case.name} | {java} | {here} | {why} |"


if __name__ == "__main__":
    cases = folder()
    if cases is None:
        raise SystemExit(f"{VARIABLE} names no checkout of FHIR/fhir-test-cases")
    PAGE.write_text(page(*run(definitions(), cases)))
