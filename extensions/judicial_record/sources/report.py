"""The data-quality report of an import: counts, reasons, where they stand; no value of a row."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from extensions.judicial_record.sources.problems import REASONS, Problem

# Problems told one by one, of each file; all are counted.
_MOST = 10_000


@dataclass(slots=True)
class FileReport:
    """One file: rows `kept`, `unchanged` (here already), `refused`; `reasons` of these.

    `lacking` counts, by path, kept records without something a complete one has.
    """

    file: str
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    lacking: Counter[str] = field(default_factory=Counter)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, line: int, problems: Sequence[Problem]) -> None:
        """Count a row that was refused; each reason once."""
        self.outcomes["refused"] += 1
        self.reasons.update({one.reason for one in problems})
        for one in problems[: max(0, _MOST - len(self.problems))]:
            self.problems.append({"line": line, "reason": one.reason, "where": one.where})

    def told(self) -> dict[str, Any]:
        """Give the report of this file as JSON."""
        return {
            "file": self.file,
            "rows": self.outcomes.total(),
            **{name: self.outcomes[name] for name in ("kept", "unchanged", "refused")},
            "reasons": {
                one: {"rows": count, "meaning": REASONS[one]}
                for one, count in self.reasons.most_common()
            },
            "lacking": dict(self.lacking.most_common()),
            "problems": self.problems,
        }


def told(files: Sequence[FileReport]) -> dict[str, Any]:
    """Give the whole report as JSON."""
    total: Counter[str] = Counter()
    for one in files:
        total += one.outcomes
    counts = {name: total[name] for name in ("kept", "unchanged", "refused")}
    return {"rows": total.total(), **counts, "files": [one.told() for one in files]}
