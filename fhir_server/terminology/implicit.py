"""Implicit value sets: those that a system has without anybody writing them.

https://hl7.org/fhir/R4/snomedct.html#implicit and https://hl7.org/fhir/R4/loinc.html#implicit;
of SNOMED CT's those by reference set and by expression are not offered.
"""

from urllib.parse import unquote

from fhir_server.terminology.value_set import Clause, Filter, ValueSet

_SNOMED, _LOINC = "http://snomed.info/sct", "http://loinc.org"
_LOINC_SETS = f"{_LOINC}/vs"


def implicit(url: str) -> ValueSet | None:
    """Give the ValueSet of a url that SNOMED CT or LOINC define; None for any other."""
    clause = _snomed(url) or _loinc(url)
    if clause is None:
        return None
    resource = {"resourceType": "ValueSet", "url": url, "status": "active"}
    return ValueSet(url, "", (clause,), resource=resource)


def _snomed(url: str) -> Clause | None:
    system, _, query = url.partition("?")
    if not (system == _SNOMED or system.startswith(f"{_SNOMED}/")):
        return None
    name, _, value = unquote(query).partition("=")
    if name != "fhir_vs":
        return None
    # An edition or a version of it is named by a longer address of the system.
    canonical = _SNOMED if system == _SNOMED else f"{_SNOMED}|{system}"
    if not value:
        return Clause(canonical)
    code = value.removeprefix("isa/")
    return (
        None
        if code in ("", value)
        else Clause(canonical, filters=(Filter("concept", "is-a", code),))
    )


def _loinc(url: str) -> Clause | None:
    if url == _LOINC_SETS:
        return Clause(_LOINC)
    code = url.removeprefix(f"{_LOINC_SETS}/")
    if code == url or "/" in code:
        return None
    if code.startswith("LP"):
        return Clause(_LOINC, filters=(Filter("concept", "is-a", code),))
    return Clause(_LOINC, filters=(Filter("answer-list", "=", code),)) if code[:2] == "LL" else None
