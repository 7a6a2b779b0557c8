"""References between the entries of a transaction, and searches that stand for a reference.

https://hl7.org/fhir/R4/http.html#trules and https://hl7.org/fhir/R4/bundle.html#references
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fhir_server.fhir.errors import FhirError, Invalid, Issue, PreconditionFailed
from fhir_server.fhir.reference import parse, reference_texts, references, rewritten
from fhir_server.interactions.conditions import criteria
from fhir_server.interactions.context import Context
from fhir_server.interactions.entry import Entry
from fhir_server.interactions.write import check_type
from fhir_server.search.condition import Condition

Resource = dict[str, Any]
# (type, condition) by the text of the conditional reference.
Asked = Mapping[str, tuple[str, Condition]]

_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]{1,63})\?(.*)", re.ASCII | re.DOTALL)
_URNS = ("urn:uuid:", "urn:oid:")


def asked(context: Context, entry: Entry, resource: Resource) -> dict[str, tuple[str, Condition]]:
    """Read the conditional references of an entry's resource; Invalid for one that is none."""
    found: dict[str, tuple[str, Condition]] = {}
    for text in reference_texts(resource):
        match = _CONDITIONAL.fullmatch(text) if "?" in text else None
        if match is None:
            continue
        with entry.named():
            check_type(context, match[1])
            found[text] = (match[1], criteria(context, match[1], match[2]))
    return found


def resolved(
    entry: Entry,
    resource: Resource,
    conditions: Asked,
    found: Mapping[tuple[str, Condition], Sequence[str]],
) -> dict[str, str]:
    """Give the `Type/id` of each conditional reference; an error names the reference.

    None or several matches fail the transaction: https://hl7.org/fhir/R4/http.html#trules
    """
    hits = {text: (key[0], found[key]) for text, key in conditions.items()}
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


def linked(entry: Entry, resource: Resource, targets: Mapping[str, str]) -> Resource:
    """Give the resource with what refers to entries, or is a search, made `Type/id`.

    A relative reference is looked up beside the entry's own fullUrl, as bundle.html says.
    Raises Invalid, with the location, for a urn no entry has.
    """
    base = parse(entry.full_url).base if entry.full_url else ""

    def find(text: str) -> str | None:
        found = targets.get(text)
        if found is None and base and parse(text).kind == "relative":
            found = targets.get(f"{base}/{text.partition('/_history/')[0]}")
        return found

    result = rewritten(resource, find) if targets else resource
    if any(text.startswith(_URNS) for text in reference_texts(result)):
        with entry.named():
            raise Invalid(issues=_lost(references(result)))
    return result


def _lost(places: Iterable[tuple[str, str]]) -> list[Issue]:
    return [
        Issue("not-found", f"{url[:80]} is not an entry of this Bundle.", place)
        for place, url in places
        if url.startswith(_URNS)
    ]
