"""What is written beside a resource for the decisions of access, with its index fields."""

from collections.abc import Mapping
from typing import Any

from fhir_server.access import care, consent, labels
from fhir_server.search.index import CARE_FIELD, CONSENT_FIELD, LABELS_FIELD
from fhir_server.search.place import Place

# Raise by one whenever what is written here for the same resource changes.
FORMAT = 1


def access_fields(resource: Mapping[str, Any], place: Place, known: labels.Table) -> dict[str, Any]:
    """Give the fields of a well-made resource that has its id: `_labels`, `_care`, `_consent`.

    What there is nothing of is left out.
    """
    found = {
        LABELS_FIELD: labels.labels(resource, known),
        CARE_FIELD: [one.field for one in care.relations(resource, place)],
        CONSENT_FIELD: consent.rule(resource, place),
    }
    return {name: value for name, value in found.items() if value}


def index_format(known: labels.Table) -> str:
    """Give the word for the format of these fields: another one where their making changes."""
    return f"access={FORMAT}{known.digest and '.'}{known.digest}"
