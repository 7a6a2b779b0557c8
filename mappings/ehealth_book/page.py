"""What one page of the book holds, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir import json
from fhir_server.store.documents import Stored


@dataclass(frozen=True, slots=True)
class Leaf:
    """A stored resource: `reference` is Type/id, `body` its exact bytes, `resource` to look at."""

    reference: str
    body: bytes
    resource: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """An Encounter and what points at it."""

    encounter: Leaf
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: visits newest first; `others` are what the rest refers to.

    `here` is the URL of this page, `older` that of the page of older visits, None on the last.
    """

    patient: Leaf
    administrative: tuple[Leaf, ...]
    history: tuple[Leaf, ...]
    visits: tuple[Visit, ...]
    others: tuple[Leaf, ...]
    here: str
    older: str | None

    def leaves(self) -> list[Leaf]:
        """Give every resource of the page once, the Patient first."""
        of_visits = (leaf for visit in self.visits for leaf in (visit.encounter, *visit.leaves))
        several = (self.patient, *self.administrative, *self.history, *of_visits, *self.others)
        return list({leaf.reference: leaf for leaf in several}.values())

    def shelf(self) -> Mapping[str, dict[str, Any]]:
        """Give every resource by Type/id."""
        return {leaf.reference: leaf.resource for leaf in self.leaves()}


def leaf(stored: Stored) -> Leaf:
    """Give the leaf of a current version."""
    body = stored.body or b"{}"
    return Leaf(f"{stored.type}/{stored.id}", body, json.parse_object(body))


def entered_in_error(resource: Mapping[str, Any]) -> bool:
    """Say whether the resource was marked as never having been true.

    https://hl7.org/fhir/R4/lifecycle.html
    """
    verification = resource.get("verificationStatus")
    codings = verification.get("coding", ()) if isinstance(verification, dict) else ()
    codes = {resource.get("status"), *(coding.get("code") for coding in codings)}
    return "entered-in-error" in codes
