"""Library: what a case brings along, and R4's own content, as answers to validation's questions."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.spec.canonicals import Canonicals
from fhir_server.terminology.code_system import code_system_of
from fhir_server.terminology.expand import Expansion
from fhir_server.terminology.value_set import value_set_of
from fhir_server.validation.questions import Question

LIMIT = 100_000
PLAIN = re.compile(r"[A-Za-z0-9.\-]+")
PACKED = ("CodeSystem", "StructureDefinition", "ValueSet")


class Library(Mapping[Question, Any]):
    """The answers to every question; None where nobody can tell."""

    def __init__(
        self,
        canonicals: Canonicals,
        supporting: Sequence[Mapping[str, Any]],
        read: Callable[[str], Mapping[str, Any] | None],
        *,
        followed: bool,
    ) -> None:
        """`read` gives the resource in the file an id names, `followed` says if it may."""
        self.followed = followed
        self.canonicals, self.supporting, self.read = canonicals, supporting, cache(read)

    def __getitem__(self, question: Question) -> Any:
        kind, *asked = question
        return getattr(self, kind)(*asked)

    def __iter__(self) -> Iterator[Question]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, question: object) -> bool:
        return True

    def find(self, type_: str, canonical: str) -> Mapping[str, Any] | None:
        """Give the definition of a type with this canonical, the case's own first."""
        url, _, version = canonical.partition("|")
        brought = (one for one in self.supporting if one["resourceType"] == type_)
        own = [one for one in brought if one.get("url") == url]
        listed = [*own, *(self.canonicals.find(type_, url) if type_ in PACKED else ())]
        return next((one for one in listed if version in ("", one.get("version", ""))), None)

    def profile(self, canonical: str) -> Mapping[str, Any] | None:
        return self.find("StructureDefinition", canonical)

    def questionnaire(self, canonical: str) -> Mapping[str, Any] | None:
        found = self.find("Questionnaire", canonical)
        return found or (self.find("ValueSet", canonical) if self.followed else None)

    def measure(self, canonical: str) -> Mapping[str, Any] | None:
        return self.find("Measure", canonical)

    def resolve(self, reference: str) -> Mapping[str, Any] | None:
        """Give the resource a reference leads to: one brought along, or a file by its id."""
        type_, _, id_ = reference.partition("/")
        for one in self.supporting:
            if (one["resourceType"], one.get("id")) == (type_, id_):
                return one
        return self.read(id_) if self.followed and PLAIN.fullmatch(id_) else None

    def member(self, value_set: str, system: str, code: str) -> bool | None:
        try:
            codes = self._expansion.codes(value_set)
        except Invalid:
            self._expansion._path.clear()
            return None
        return (
            code in codes.get(system, ()) if system else any(code in one for one in codes.values())
        )

    @cached_property
    def _expansion(self) -> Expansion:
        sets = _Read(lambda canonical: self.find("ValueSet", canonical), value_set_of)
        systems = _Read(lambda canonical: self.find("CodeSystem", canonical), code_system_of)
        return Expansion(sets, systems, LIMIT)


class _Read(Mapping[str, Any]):
    """Definitions by canonical, in the form they are asked in."""

    def __init__(self, find: Callable[[str], Any], read: Callable[[Any], Any]) -> None:
        self.find, self.read, self.known = find, read, {}

    def __getitem__(self, canonical: str) -> Any:
        if canonical not in self.known:
            found = self.find(canonical)
            self.known[canonical] = self.read(found) if found else None
        return self.known[canonical]

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)
