"""What the mapping of every table needs to know of the visit: whose, where, and how to refer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mappings.decision_4750.rows import EMPTY, Row
from mappings.mapping import ENCOUNTER, PATIENT, draft_url
from mappings.terms import dates
from mappings.terms.concepts import Fhir, present
from mappings.terms.identifiers import Systems

# A doctor sent to another facility writes it behind the licence: 000001/HNO-CCHN.C.01001
_SECONDED = re.compile(r"\.[Cc]\.\w{5}$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Scene:
    """One visit, (facility, ma_lk), made on `created` (yyyymmdd), with the rows of its tables."""

    facility: str
    ma_lk: str
    created: str
    systems: Systems
    tables: Mapping[str, Sequence[Row]]

    @property
    def summary(self) -> Row:
        """Give the one row of XML1."""
        return self.tables["XML1"][0]

    def rows(self, kind: str) -> Sequence[Row]:
        """Give the rows of a table, none where it was not sent."""
        return self.tables.get(kind, ())

    def paper(self, kind: str) -> Row:
        """Give the one row of a table that has one, an empty row where it was not sent."""
        return next(iter(self.rows(kind)), EMPTY)

    def to(self, key: str) -> Fhir:
        """Give the reference to the draft `key` of this visit."""
        return {"reference": draft_url(self.facility, self.ma_lk, key)}

    @property
    def about(self) -> Fhir:
        """Give `subject` and `encounter` of nearly every resource."""
        return {"subject": self.to(PATIENT), "encounter": self.to(ENCOUNTER)}

    def practitioner(self, number: str) -> Fhir:
        """Give the reference to the practitioner of a licence number."""
        return self.to(f"Practitioner/{licence(number)}")

    def organization(self, code: str) -> Fhir:
        """Give the reference to the facility of a code."""
        return self.to(f"Organization/{code}")

    def first_practitioner(self, numbers: Sequence[str]) -> Fhir | None:
        """Give the reference to the first of the licence numbers, the one who answers for it."""
        return self.practitioner(numbers[0]) if numbers else None


def licence(number: str) -> str:
    """Give a licence number without the facility its holder was sent to."""
    return _SECONDED.sub("", number)


def when(text: str) -> str:
    """Give the FHIR dateTime of a decree date, an empty string for an empty one."""
    return dates.moment(text) if text else ""


def period(start: str, end: str) -> Fhir:
    """Give the Period between two decree dates, as far as they are there.

    An end before the start (R4's per-1) is left to the raw file.
    """
    known = min(len(start), len(end))
    ends = "" if end[:known] < start[:known] else end
    return present(start=when(start), end=when(ends))


def instant(text: str) -> str:
    """Give the FHIR instant of a decree time; an empty string where only the day is known."""
    found = when(text)
    return found if "T" in found else ""
