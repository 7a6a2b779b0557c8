"""Whose submission made a resource: noted when it is made, kept by every version that follows.

It is judged where every write is committed, so that no road leads around it. See
docs/adr/0040-a-facility-changes-its-own.md.
"""

from collections.abc import Iterable, Mapping

from fhir_server.fhir.errors import Forbidden
from fhir_server.store.documents import Change, Document

# Beside the index fields, not among them: writing those anew keeps it.
FIELD = "owner"


def noted(change: Change, old: Document | None) -> Document:
    """Give the field of the new version: the first owner's, of a deleted resource too."""
    owner = old.get(FIELD, "") if old else change.owner
    return {FIELD: owner} if owner else {}


def judge(changes: Iterable[Change], before: Mapping[tuple[str, str], Document]) -> None:
    """Raise Forbidden for the first change of what is not of its `owners`.

    What is not there is answered as what another made: who may not write it learns nothing.
    """
    for change in changes:
        if change.owners is None:
            continue
        owner = noted(change, before.get((change.type, change.id))).get(FIELD)
        if owner not in change.owners:
            raise Forbidden(
                f"{change.type}/{change.id} is not for this client to write: a facility's client "
                "writes only what its own submissions made.",
                expression=change.place,
            )
