"""What two records say of a person: where they contradict each other, and which of it to keep.

https://hl7.org/fhir/R4/patient.html
"""

from typing import Any

from fhir_server.search.fold import fold

Patient = dict[str, Any]

# Elements that say one thing together: never half of one record's and half of the other's.
_TOGETHER = (("birthDate", "_birthDate"), ("deceasedBoolean", "deceasedDateTime"))


def disagreements(stored: Patient, draft: Patient) -> tuple[str, ...]:
    """Say in what two records contradict each other; what one leaves open contradicts nothing."""
    checks = (
        (_names(stored), _names(draft), "The name differs from the stored one."),
        (_sex(stored), _sex(draft), "The sex differs from the stored one."),
        (_citizen(stored), _citizen(draft), "The citizen number differs from the stored one."),
    )
    told = [text for ours, theirs, text in checks if ours and theirs and not ours & theirs]
    if not _same_date(stored.get("birthDate", ""), draft.get("birthDate", "")):
        told.append("The birth date differs from the stored one.")
    return tuple(told)


def agree(stored: Patient, draft: Patient) -> bool:
    """Say whether both have a name and a birth date, and nothing contradicts."""
    both = all(one.get("birthDate") and _names(one) for one in (stored, draft))
    return both and not disagreements(stored, draft)


def merged(stored: Patient, draft: Patient, *, latest: bool) -> Patient:
    """Give the Patient to store: identifiers add up, the rest is the latest visit's.

    What the latest visit leaves open, or knows less exactly, stays.
    """
    told = _told(stored, draft) if latest else {}
    stale = [name for group in _TOGETHER if told.keys() & {*group} for name in group]
    base = {name: value for name, value in stored.items() if name in told or name not in stale}
    base |= told
    known = stored.get("identifier", [])
    tokens = set(map(number, known))
    base["identifier"] = [
        *known,
        *(one for one in draft.get("identifier", ()) if number(one) not in tokens),
    ]
    return base


def number(identifier: Patient) -> str:
    """Give an Identifier as `system|value`; a stored one may lack either."""
    return f"{identifier.get('system', '')}|{identifier.get('value', '')}"


def _told(stored: Patient, draft: Patient) -> Patient:
    # What a stored record claims of itself, its tags and labels, stay its own.
    told = {name: value for name, value in draft.items() if name not in ("resourceType", "meta")}
    born = draft.get("birthDate", "")
    if stored.get("birthDate", "").startswith(born) and stored["birthDate"] != born:
        told = {name: told[name] for name in told if name not in ("birthDate", "_birthDate")}
    if not _sex(draft) and _sex(stored):
        told.pop("gender", None)
    if "extension" in draft and "extension" in stored:
        urls = {one["url"] for one in draft["extension"]}
        others = [one for one in stored["extension"] if one.get("url") not in urls]
        told["extension"] = [*others, *draft["extension"]]
    return told


def _names(patient: Patient) -> set[str]:
    """Give the folded names; Vietnamese ones are said with the family name first."""
    found = (
        name.get("text") or " ".join(filter(None, [name.get("family"), *name.get("given", ())]))
        for name in patient.get("name", ())
    )
    return set(map(fold, found)) - {""}


def _sex(patient: Patient) -> set[str]:
    return {patient.get("gender", "unknown")} - {"unknown"}


def _citizen(patient: Patient) -> set[str]:
    """Give the numbers of which a person has one: national identifiers in use."""
    return {
        number(one)
        for one in patient.get("identifier", ())
        if one.get("use") != "old" and any(
            kind.get("code") == "NI" for kind in one.get("type", {}).get("coding", ())
        )
    }  # fmt: skip


def _same_date(ours: str, theirs: str) -> bool:
    """Birth dates agree to the precision both have: 1985 agrees with 1985-03-15."""
    shorter = min(len(ours), len(theirs))
    return ours[:shorter] == theirs[:shorter]
