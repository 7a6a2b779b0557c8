"""Which letters of a scope each interaction and each operation needs.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
"""

from collections.abc import Mapping

from fhir_server.fhir.errors import Forbidden

# An operation with this has a scope of its own, such as `system/$reindex`.
OWN = "own"

# What a Bundle does each entry is asked for; what it needs itself is a token.
INTERACTIONS: Mapping[str, str] = {
    "capabilities": "",
    "batch": "",
    "transaction": "",
    "read": "r",
    "vread": "r",
    "history-instance": "r",
    "search-type": "s",
    "search-system": "s",
    "search-compartment": "s",
    "history-type": "s",
    "history-system": "s",
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
}

# An operation that is not here has a scope of its own.
OPERATIONS: Mapping[str, str] = {
    # A job is its caller's own; what it did was judged when it was run.
    "$async-status": "",
    # What is sent is judged, nothing is disclosed but what the writes themselves would tell.
    "$validate": "",
    # Who may read Patients of his own may open another in an emergency; the operation says who.
    "$break-glass": "r",
    "$diff": "r",
    "$document": "r",
    "$snapshot": "r",
    "$status": "r",
    # Whose record it is, and what may be known of it, the operation itself looks at.
    "$access-log": "r",
    # A search of one type that takes the newest of each kind.
    "$lastn": "s",
    # They read whole resources and find them too.
    "$everything": "rs",
    "$ehealth-book": "rs",
    "$meta": "rs",
    # What codes mean is read from the definitions of the type they are of.
    "$expand": "r",
    "$lookup": "r",
    "$subsumes": "r",
    "$translate": "r",
    "$validate-code": "r",
    # A new version with more labels and tags.
    "$meta-add": "u",
    # They may take a label or a hold away.
    "$meta-delete": OWN,
    # It erases what no letter covers.
    "$purge": OWN,
    "$purge-history": OWN,
    # They change whatever refers to a Patient.
    "$merge": OWN,
    "$unmerge": OWN,
    # They work on whole types, for everybody.
    "$reindex": OWN,
    "$data-quality": OWN,
    # It tells how a search is run and how much there is.
    "$explain": OWN,
    # A table is kept here for months.
    "$closure": OWN,
    # It matches and writes many types, by its own rules.
    "$submit-document": OWN,
}


def needed(interaction: str) -> str:
    """Give the letters an interaction or `$operation` needs, `OWN` for a scope of its own.

    Raises Forbidden for an interaction that is in no table.
    """
    if interaction.startswith("$"):
        return OPERATIONS.get(interaction, OWN)
    found = INTERACTIONS.get(interaction)
    if found is None:
        raise Forbidden(f"{interaction} is not open to clients with scopes.")
    return found
