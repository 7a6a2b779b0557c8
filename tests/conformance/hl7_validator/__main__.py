"""`python -m tests.conformance.hl7_validator [NAME…]`: the agreement by module, then each
disagreement with what both sides say; with names, only these cases, agreed or not.
"""

import sys
from collections.abc import Sequence

from fhir_server.main import definitions
from tests.conformance.hl7_validator.agreement import Outcome, listed, run
from tests.conformance.hl7_validator.cases import VARIABLE, folder
from tests.conformance.hl7_validator.page import summary

MOST = 12


def main(names: Sequence[str]) -> str:
    """Give what came of the cases."""
    here = folder()
    if here is None:
        raise SystemExit(f"{VARIABLE} names no checkout of FHIR/fhir-test-cases")
    outcomes, left_out = run(definitions(), here)
    known = listed()
    shown = [one for one in outcomes if one.case.name in names or not (names or one.agreed)]
    told = [_told(one, known.get(one.case.name, "NOT LISTED")) for one in shown]
    return "\n\n".join(told if names else ["\n".join(summary(outcomes, left_out)), *told])


def _told(outcome: Outcome, reason: str) -> str:
    case, expected = outcome.case, outcome.case.errors or ()
    lines = [
        f"== {case.module} / {case.name}: Java {len(expected)}, here {len(outcome.ours)}",
        f"   {case.file.name} {case.profile} {' '.join(case.supporting)}",
    ]
    lines += [f"   java  {e.place}: {e.text}{' [server]' * e.server}" for e in expected[:MOST]]
    lines += [f"   here  {one.expression}: {one.diagnostics}" for one in outcome.ours[:MOST]]
    return "\n".join(lines if outcome.agreed else [*lines, f"   why   {reason}"])


sys.stdout.write(main(sys.argv[1:]) + "\n")
