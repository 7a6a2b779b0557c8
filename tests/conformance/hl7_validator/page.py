"""What came of a run, in Markdown."""

from collections import Counter
from collections.abc import Sequence

from tests.conformance.hl7_validator.agreement import Outcome


def summary(outcomes: Sequence[Outcome], left_out: Counter[str]) -> str:
    """Give the tables: agreement by module, and what was not asked."""
    asked = Counter(outcome.case.module for outcome in outcomes)
    agreed = Counter(outcome.case.module for outcome in outcomes if outcome.agreed)
    lines = ["| Module | Cases | Agreed |", "|---|---|---|"]
    lines += [f"| {name} | {count} | {agreed[name]} |" for name, count in sorted(asked.items())]
    total, same = asked.total(), agreed.total()
    lines += [f"| **all** | {total} | {same} ({same / total:.1%}) |"]
    lines += ["", "| Not asked | Cases |", "|---|---|"]
    lines += [f"| {reason} | {count} |" for reason, count in left_out.most_common()]
    return "\n".join(lines)
