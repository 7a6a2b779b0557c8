"""Write profiles/terminology from a folder of unpacked packages: build_terminology.py FOLDER.

`scripts/fetch-terminology FOLDER` brings them. The same packages always give the same bytes.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from fhir_server.spec import pack

TARGET = Path(__file__).resolve().parent.parent / "profiles" / "terminology"
R4 = pack.Pack(TARGET.parent / "r4" / "terminology.pack")

KEPT = frozenset(
    [
        "resourceType", "url", "version", "name", "title", "status", "content", "caseSensitive",
        "hierarchyMeaning", "valueSet", "supplements", "property", "uri", "type", "concept",
        "code", "display", "definition", "designation", "language", "use", "compose", "inactive",
        "include", "exclude", "system", "filter", "op", "value", "valueCode", "valueString",
        "valueInteger", "valueBoolean", "valueDateTime", "valueCoding",
    ]
)  # fmt: skip
# Of a concept's properties, those a question is answered by; the rest tells of HL7's own work.
PROPERTIES = frozenset(
    [
        "status", "inactive", "notSelectable", "deprecated", "deprecationDate", "effectiveDate",
        "parent", "child", "subsumedBy", "synonymCode", "replacedBy", "comment", "v2-concComment",
        "HL7usageNotes", "conceptStatus", "deprecationInfo",
    ]
)  # fmt: skip
# Systems that others own and license: neither they nor lists of their codes are shipped.
LICENSED = (
    "http://snomed.info/", "http://loinc.org", "http://www.ada.org/snodent",
    "http://nucc.org/", "http://hl7.org/fhir/sid/icd", "http://www.ama-assn.org/",
    "http://terminology.hl7.org/CodeSystem/ADA",
    "http://terminology.hl7.org/CodeSystem/v3-HealthcareProviderTaxonomyHIPAA",
)  # fmt: skip
# Withdrawn from ISO 3166-1, or for private use: CLDR maps them too, for texts that are older.
NO_COUNTRY = frozenset(
    [
        "AA", "EU", "ZZ", "AN", "BU", "CS", "DD", "FX", "NT", "SU", "TP", "YD", "YU", "ZR",
        *(f"Q{letter}" for letter in "MNOPQRSTUVWXYZ"),
        *(f"X{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ]
)  # fmt: skip
ALPHA2, CURRENCY = re.compile("[A-Z]{2}"), re.compile("[A-Z]{3}")
LANGUAGES = ("en", "vi")

Resource = dict[str, Any]


def main(packages: Path) -> None:
    """Write terminology.pack, and say how much is in it."""
    resources = [*_tho(packages / "hl7.terminology.r4"), *_cldr(packages)]
    resources.append(_language_tags(packages / "language-subtag-registry" / "data" / "json"))
    ordered = sorted(resources, key=lambda one: (one["resourceType"], one["url"], one["version"]))
    count = pack.write(TARGET / "terminology.pack", ordered)
    print(f"terminology.pack: {count} definitions")


def _tho(package: Path) -> Iterator[Resource]:
    """Give THO's code systems and value sets, without those R4's tables have in that version."""
    systems = _versions("CodeSystem")
    for path in package.glob("CodeSystem-*.json"):
        row = json.loads(path.read_bytes())
        systems[row["url"]] = row.get("version")
    for type_ in ("CodeSystem", "ValueSet"):
        there = _versions(type_)
        for path in sorted(package.glob(f"{type_}-*.json")):
            resource = json.loads(path.read_bytes())
            same = resource["url"] in there and there[resource["url"]] == resource["version"]
            if not same and not _licensed(resource):
                yield _reduced(_unpinned(resource, systems))


def _versions(type_: str) -> dict[str, str | None]:
    """Give the versions of what R4 came with, by url."""
    return {url: one.get("version") for url in R4.urls(type_) for one in R4.find(type_, url)}


def _unpinned(resource: Resource, systems: Mapping[str, str | None]) -> Resource:
    """Let clauses be of the version that is there, where they name one that is not."""
    compose = resource.get("compose", {})
    for row in (*compose.get("include", ()), *compose.get("exclude", ())):
        if row.get("version") and systems.get(row.get("system"), row["version"]) != row["version"]:
            del row["version"]
    return resource


def _licensed(resource: Resource) -> bool:
    compose = resource.get("compose", {})
    listed = [
        row.get("system", "")
        for row in (*compose.get("include", ()), *compose.get("exclude", ()))
        if "concept" in row
    ]
    return any(system.startswith(LICENSED) for system in (resource["url"], *listed))


def _reduced(value: Any) -> Any:
    if isinstance(value, list):
        return [_reduced(item) for item in value if not _passed_over(item)]
    if isinstance(value, dict):
        found = {key: _reduced(item) for key, item in value.items() if key in KEPT}
        return {key: item for key, item in found.items() if item != []}
    return value


def _passed_over(item: Any) -> bool:
    """Say whether this is a property of a concept, or its declaration, that is left out."""
    if not isinstance(item, dict) or "concept" in item or "display" in item:
        return False
    is_property = "type" in item or any(key.startswith("value") for key in item.keys() - {"value"})
    return is_property and "code" in item and item["code"] not in PROPERTIES


def _cldr(packages: Path) -> Iterator[Resource]:
    core = packages / "cldr-core"
    version = json.loads((core / "package.json").read_bytes())["version"]
    supplemental = core / "supplemental"
    codes = _at(supplemental / "codeMappings.json", "supplemental", "codeMappings")
    regions = _at(supplemental / "currencyData.json", "supplemental", "currencyData", "region")
    names, money = packages / "cldr-localenames-full", packages / "cldr-numbers-full"
    yield _system("urn:iso:std:iso:3166", version, "ISO3166", _countries(codes, names))
    yield _system("urn:iso:std:iso:4217", version, "ISO4217", _currencies(codes, regions, money))


def _system(url: str, version: str, name: str, concepts: list[Resource]) -> Resource:
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "version": f"CLDR-{version}",
        "name": name,
        "status": "active",
        "content": "complete",
        "concept": concepts,
    }


def _countries(codes: Mapping[str, Any], names: Path) -> list[Resource]:
    told = _names(names, "territories", "localeDisplayNames", "territories")
    rows: dict[str, tuple[str, ...]] = {}
    for alpha2, row in codes.items():
        if ALPHA2.fullmatch(alpha2) and "_numeric" in row and alpha2 not in NO_COUNTRY:
            texts = tuple(told[language][alpha2] for language in LANGUAGES)
            rows |= dict.fromkeys((alpha2, row["_alpha3"], row["_numeric"]), texts)
    return [_concept(code, *rows[code]) for code in sorted(rows)]


def _currencies(
    codes: Mapping[str, Any], regions: Mapping[str, Any], names: Path
) -> list[Resource]:
    told = _names(names, "currencies", "numbers", "currencies")
    tender = {
        code
        for rows in regions.values()
        for row in rows
        for code, use in row.items()
        if "_to" not in use
    }
    found = []
    for code in sorted(filter(CURRENCY.fullmatch, codes)):
        texts = (told[language].get(code, {}).get("displayName", code) for language in LANGUAGES)
        row = _concept(code, *texts)
        if code not in tender and not code.startswith("X"):
            row["property"] = [{"code": "status", "valueCode": "retired"}]
        found.append(row)
    return found


def _names(names: Path, file: str, *keys: str) -> dict[str, Any]:
    return {
        language: _at(names / "main" / language / f"{file}.json", "main", language, *keys)
        for language in LANGUAGES
    }


def _concept(code: str, english: str, vietnamese: str) -> Resource:
    designation = {"language": "vi", "value": vietnamese}
    return {"code": code, "display": english, "designation": [designation]}


def _language_tags(folder: Path) -> Resource:
    """Give IANA's subtags by kind, each with its first description: no FHIR resource."""
    kinds: dict[str, dict[str, str]] = {}
    for row in json.loads((folder / "registry.json").read_bytes()):
        for tag in _each(row.get("Subtag") or row["Tag"]):
            kinds.setdefault(row["Type"], {})[tag.lower()] = row["Description"][0]
    version = json.loads((folder / "meta.json").read_bytes())["File-Date"]
    url = "urn:ietf:bcp:47"
    return {"resourceType": "LanguageTags", "url": url, "version": version, "subtags": kinds}


def _each(tag: str) -> Iterator[str]:
    """Give a subtag, or all of a range: `qaa..qtz`."""
    first, _, last = tag.partition("..")
    if not last:
        yield first
        return
    for number in count(_number(first)):
        text = _text(number, len(first))
        yield text
        if text == last.lower():
            return


def _number(letters: str) -> int:
    number = 0
    for letter in letters.lower():
        number = number * 26 + ord(letter) - ord("a")
    return number


def _text(number: int, length: int) -> str:
    letters = [chr(ord("a") + number // 26**place % 26) for place in range(length)]
    return "".join(reversed(letters))


def _at(path: Path, *keys: str) -> Any:
    found = json.loads(path.read_bytes())
    for key in keys:
        found = found[key]
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
