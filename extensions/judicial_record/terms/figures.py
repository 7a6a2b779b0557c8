"""How much was done in time: dossiers added up by issuer, lane and rule of law.

| figure | what is counted |
|---|---|
| received | dossiers accepted: their term began |
| on-time, late | signed within the term, or after it |
| ended | refused, withdrawn or stopped after they were accepted |
| open, overdue | neither; of these, whose term is over and runs |

Days are those the clock ran, from accepted to signed, pauses left out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from typing import Any

from extensions.judicial_record.dossier import task
from extensions.judicial_record.terms.late import is_late
from extensions.judicial_record.terms.walk import Standing, ends, rule_of
from fhir_server.fhir import dates

COUNTS = ("received", "on-time", "late", "ended", "open", "overdue")
UNCHECKED = "unchecked"
_ENDED = ("rejected", "cancelled", "failed")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """What a row of the report is about; `rule` is `id|version`."""

    issuer: str
    lane: str
    rule: str


@dataclass(slots=True)
class Figures:
    """The counts of one row, and the days of each dossier that is signed."""

    counts: Counter[str] = field(default_factory=Counter)
    days: list[float] = field(default_factory=list)

    def add(self, dossier: Json, work: Json | None, now: int) -> None:
        """Count a dossier that was accepted; `now` in µs."""
        self.counts["received"] += 1
        signed = signed_at(dossier, work)
        if signed is not None:
            end = ends(dossier)
            self.counts["late" if end is not None and signed > end else "on-time"] += 1
            self.days.append(_ran(dossier, signed))
        elif dossier["status"] in _ENDED:
            self.counts["ended"] += 1
        else:
            self.counts["open"] += 1
            self.counts["overdue"] += is_late(dossier, now)

    @property
    def median(self) -> float | None:
        """Give the median of the days; None where nothing is signed."""
        return median(self.days) if self.days else None

    @property
    def p95(self) -> float | None:
        """Give the days within which 95 of 100 were signed: the nearest rank."""
        return sorted(self.days)[ceil(0.95 * len(self.days)) - 1] if self.days else None


@dataclass(slots=True)
class Report:
    """All rows; dossiers are added one by one."""

    rows: dict[Key, Figures] = field(default_factory=dict)

    def add(self, one: Standing, now: int) -> None:
        """Count a dossier; one that was never accepted has no term."""
        if task.started(one.told) is None:
            return
        lane = task.value_of(one.work or {}, task.LANE, "valueCode", "output") or UNCHECKED
        key = Key(one.told["owner"]["reference"], lane, rule_of(one.told))
        self.rows.setdefault(key, Figures()).add(one.told, one.work, now)

    def sorted(self) -> Sequence[tuple[Key, Figures]]:
        """Give the rows by issuer, lane and rule."""
        return sorted(self.rows.items(), key=lambda one: (one[0].issuer, one[0].lane, one[0].rule))


def signed_at(dossier: Json, work: Json | None) -> int | None:
    """Give when the dossier was signed, in µs: then its work ended. None before."""
    if dossier["status"] != "completed" or work is None:
        return None
    return dates.parse_instant(work["lastModified"])


def _ran(dossier: Json, signed: int) -> float:
    start = task.started(dossier) or signed
    stood = sum(end - begun for begun, end in task.pauses(dossier))
    return (signed - start - stood) / dates.DAY
