"""What an officer sees of a source record that was found: whom it is about, and for what.

The ids come from the work on the dossier, which nobody but officers of its owner reads.
"""

from collections.abc import Iterable
from typing import Any

from extensions.judicial_record.office import Office
from extensions.judicial_record.sources import records
from fhir_server.fhir.errors import Gone, NotFound

Json = dict[str, Any]


def found(office: Office, ids: Iterable[str]) -> list[Json]:
    """Give a row of each record, of one that is no longer here its id alone. Synchronous."""
    return [{"id": one, **_told(office, one)} for one in ids]


def _told(office: Office, id_: str) -> Json:
    try:
        person = records.identity(office, id_)
        if records.kind(office, id_) == "conviction":
            (told,) = records.of(office, [id_])
            what = [_text(one) for one in told["offence"]]
        else:
            (told,) = records.prohibitions(office, [id_])
            what = [told["position"]]
    except (Gone, NotFound):
        return {}
    papers = person.get("identityDocument", ())
    return {
        "name": [person["name"], *person.get("otherName", ())],
        "birth": person.get("birthDate", ""),
        "numbers": [one["number"] for one in papers if "number" in one],
        "what": what,
    }


def _text(offence: Json) -> str:
    """Give an offence as its record tells it: in words, by its code, by its articles."""
    concepts = [offence.get("code", {}), *offence.get("provision", ())]
    return " · ".join(filter(None, [offence.get("text", ""), *map(_concept, concepts)]))


def _concept(told: Json) -> str:
    codings = (one.get("display") or one.get("code", "") for one in told.get("coding", ()))
    return str(told.get("text") or next(codings, ""))
