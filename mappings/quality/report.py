"""Data quality per facility and day of arrival, added up from DocumentReferences one by one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from fhir_server.fhir import dates
from fhir_server.fhir.errors import Invalid
from mappings.quality.facts import facts_of

HOUR = 3_600_000_000
# The day within which a citizen sees a visit in the book: Decision 2733/QĐ-BYT (2024), annex 1.
FRESH_HOURS = 24
QUARANTINED = "quarantined"
_FAULTS = ("error", "fatal")

Fhir = Mapping[str, Any]


@dataclass(slots=True)
class Filled:
    """Of one field profile: fields asked for and filled, and how often each was missing."""

    asked: int = 0
    filled: int = 0
    missing: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float | None:
        """The part of the fields asked for that is filled, 0 to 1; None where none was."""
        return self.filled / self.asked if self.asked else None


@dataclass(slots=True)
class Row:
    """One facility on one day.

    `hours` are from the end of each visit to its first arrival; `issues` warnings and errors of
    stored and refused visits; `repeated` were sent before, `doubled` have the same patient and
    beginning as another visit of the row.
    """

    facility: str
    day: str
    visits: int = 0
    refused: int = 0
    issues: int = 0
    repeated: int = 0
    doubled: int = 0
    hours: list[float] = field(default_factory=list)
    completeness: dict[str, Filled] = field(default_factory=dict)
    _known: set[tuple[str, str]] = field(default_factory=set)

    @property
    def issues_per_thousand(self) -> float:
        """Issues per 1,000 visits sent."""
        return 1000 * self.issues / (self.visits + self.refused)

    @property
    def freshness(self) -> float | None:
        """The median of the hours."""
        return median(self.hours) if self.hours else None

    @property
    def fresh(self) -> float | None:
        """The part that arrived within a day, 0 to 1."""
        within = sum(hours <= FRESH_HOURS for hours in self.hours)
        return within / len(self.hours) if self.hours else None

    def add(self, document: Fhir) -> None:
        """Add a submission."""
        if is_refused(document):
            self.refused += 1
            self.issues += _issues(document)
            return
        facts = facts_of(document)
        assert facts is not None
        self.visits += 1
        self.issues += facts.warnings
        self.repeated += facts.sent > 1
        self._add_visit(document, facts.arrived)
        for one in facts.completeness:
            filled = self.completeness.setdefault(one.profile, Filled())
            filled.asked += one.asked
            filled.filled += one.asked - len(one.missing)
            filled.missing.update(one.missing)

    def _add_visit(self, document: Fhir, arrived: str) -> None:
        period = document.get("context", {}).get("period", {})
        key = (document.get("subject", {}).get("reference", ""), period.get("start", ""))
        self.doubled += key in self._known and all(key)
        self._known.add(key)
        hours = _hours(period.get("end") or period.get("start", ""), arrived)
        if hours is not None:
            self.hours.append(hours)


class Report:
    """Rows by facility and day; `add` takes the documents in any order."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Row] = {}

    def add(self, document: Fhir, day: str) -> None:
        """Add a DocumentReference that arrived on `day`; one that is no submission is passed."""
        if facts_of(document) is None and not is_refused(document):
            return
        facility = facility_of(document)
        self._rows.setdefault((facility, day), Row(facility, day)).add(document)

    def rows(self) -> Sequence[Row]:
        """Give the rows by facility, then day."""
        return [self._rows[key] for key in sorted(self._rows)]


def facility_of(document: Fhir) -> str:
    """Give MACSKCB of the sender."""
    authors: Iterable[Fhir] = document.get("author", ())
    return next((str(one.get("identifier", {}).get("value", "")) for one in authors), "")


def is_refused(document: Fhir) -> bool:
    """Say whether this is the file of a visit that was refused."""
    tags: Iterable[Fhir] = document.get("meta", {}).get("tag", ())
    return any(tag.get("code") == QUARANTINED for tag in tags)


def _issues(document: Fhir) -> int:
    return sum(
        issue.get("severity") in _FAULTS
        for outcome in document.get("contained", ())
        for issue in outcome.get("issue", ())
    )


def _hours(visited: str, arrived: str) -> float | None:
    """Give the hours between two times; None where the visit's is not known to the minute."""
    try:
        return (dates.parse_instant(arrived) - dates.parse_instant(visited)) / HOUR
    except Invalid:
        return None
