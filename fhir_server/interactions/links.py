"""References between the entries of a transaction, and searches that stand for a reference.

https://hl7.org/fhir/R4/http.html#trules and https://hl7.org/fhir/R4/bundle.html#references
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.fhir.errors import (
    FhirError,
    Invalid,
    Issue,
    PreconditionFailed,
    Unprocessable,
)
from fhir_server.fhir.reference import Renamed, parse, reference_texts, references, rewritten
from fhir_server.interactions.conditions import criteria
from fhir_server.interactions.context import Context
from fhir_server.interactions.entry import Entry
from fhir_server.interactions.write import check_type
from fhir_server.search.condition import Condition

Resource = dict[str, Any]
Key = tuple[str, Condition]

_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]{1,63})\?(.*)", re.ASCII | re.DOTALL)
_URNS = ("urn:uuid:", "urn:oid:")
_SEARCH = "{} is a search; it may stand for a reference in a resource of a transaction only."


@dataclass(frozen=True, slots=True)
class Links:
    """What a resource refers to: every reference as written, and the searches among them."""

    texts: Collection[str] = ()
    searches: Mapping[str, Key] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Targets:
    """The `Type/id` of each fullUrl, and of each search that stands for a reference."""

    known: Mapping[str, str]
    # What becomes of texts in an entry, by the base of its fullUrl.
    renamed: dict[str, Renamed] = field(default_factory=dict)

    def beside(self, full_url: str | None) -> Renamed:
        """Give what becomes of the texts of an entry.

        A relative reference is looked up beside the entry's own fullUrl, as bundle.html says.
        """
        base, known = parse(full_url).base if full_url else "", self.known

        def find(text: str) -> str | None:
            found = known.get(text)
            if found is None and base and parse(text).kind == "relative":
                found = known.get(f"{base}/{text.partition('/_history/')[0]}")
            return found

        if base not in self.renamed:
            self.renamed[base] = Renamed(find if base else known.get)
        return self.renamed[base]


def read(context: Context, entry: Entry, resource: Resource) -> Links:
    """Give the links of an entry's resource; Invalid for a search that cannot be made."""
    texts = reference_texts(resource)
    searches: dict[str, Key] = {}
    for text in texts:
        if match := _CONDITIONAL.fullmatch(text) if "?" in text else None:
            with entry.named():
                check_type(context, match[1])
                searches[text] = (match[1], criteria(context, match[1], match[2]))
    return Links(texts, searches)


def refuse_searches(resource: Resource) -> Collection[str]:
    """Give every reference of a resource as written.

    Raise Unprocessable for a search in place of one: it is made in transactions only.
    """
    texts = reference_texts(resource)
    if any(map(_is_search, texts)):
        raise Unprocessable(
            issues=[
                Issue("not-supported", _SEARCH.format(text[:80]), place)
                for place, text in references(resource)
                if _is_search(text)
            ]
        )
    return texts


def resolved(
    entry: Entry, resource: Resource, links: Links, found: Mapping[Key, Sequence[str]]
) -> dict[str, str]:
    """Give the `Type/id` of each conditional reference; an error names the reference.

    None or several matches fail the transaction: https://hl7.org/fhir/R4/http.html#trules
    """
    hits = {text: (key[0], found[key]) for text, key in links.searches.items()}
    wrong = {text: len(ids) for text, (_, ids) in hits.items() if len(ids) != 1}
    if wrong:
        with entry.named():
            raise _unmatched(resource, wrong)
    return {text: f"{type_}/{ids[0]}" for text, (type_, ids) in hits.items()}


def _unmatched(resource: Resource, wrong: Mapping[str, int]) -> FhirError:
    issues = [
        Issue("not-found", f"{text[:80]} matches nothing.", place)
        if wrong[text] == 0
        else Issue("multiple-matches", f"{text[:80]} matches more than one resource.", place)
        for place, text in references(resource)
        if text in wrong
    ]
    return PreconditionFailed(issues=issues)


def linked(
    entry: Entry, resource: Resource, targets: Targets, links: Links | None = None
) -> tuple[Resource, Collection[str]]:
    """Give the resource with what refers to entries, or is a search, made `Type/id`.

    And every reference that then stands in it. Raises Invalid, with the location, for a urn no
    entry has and a search that was not made.
    """
    known = targets.known
    texts = reference_texts(resource) if links is None else links.texts
    if any(_needs_target(text) and text not in known for text in texts):
        with entry.named():
            raise Invalid(issues=_lost(resource, known))
    if not known:
        return resource, texts
    renamed = targets.beside(entry.full_url)
    return rewritten(resource, renamed), {renamed[text] or text for text in texts}


def _is_search(text: str) -> bool:
    return "?" in text and _CONDITIONAL.fullmatch(text) is not None


def _needs_target(text: str) -> bool:
    return text.startswith(_URNS) or _is_search(text)


def _lost(resource: Resource, targets: Mapping[str, str]) -> list[Issue]:
    return [
        Issue("not-found", _why(text[:80]), place)
        for place, text in references(resource)
        if _needs_target(text) and text not in targets
    ]


def _why(text: str) -> str:
    return _SEARCH.format(text) if _is_search(text) else f"{text} is not an entry of this Bundle."
