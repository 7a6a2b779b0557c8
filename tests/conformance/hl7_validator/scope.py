"""Which of HL7's validator cases are asked here, and why the others are not."""

import re
from collections.abc import Callable

from fhir_server.spec.canonicals import Canonicals
from fhir_server.spec.tables import r4
from tests.conformance.hl7_validator.cases import Case

# Modules of the manifest about what a FHIR R4 server does not validate.
ELSEWHERE = {
    "tx": "asks a terminology server",
    "tx-advanced": "asks a terminology server",
    "cda": "a CDA document, not a FHIR resource",
    "cdshooks": "a CDS Hooks message, not a FHIR resource",
    "shc": "a SMART Health Card, not a FHIR resource",
    "logical": "an instance of a logical model, not a FHIR resource",
    "json5": "JSON 5, which is not FHIR's JSON",
    "matchetype": "compares with a pattern document, a tool of HL7's own tests",
    "package-versioning": "needs packages",
    "scoring": "a score, a tool of the Java validator",
    "xver": "needs the definitions of other FHIR versions",
    "dsig": "verifies a digital signature",
}
# Options of the Java validator which nothing in a resource asks for.
OPTIONS = {
    "packages": "needs packages",
    "package-map": "needs packages",
    "ips": "needs packages",
    "supporting5": "needs definitions written in FHIR R5",
    "security-checks": "an option of the Java validator: HTML looked for in every string",
    "noHtmlInMarkdown": "an option of the Java validator: HTML looked for in markdown",
    "for-publication": "an option of the Java validator: the rules of HL7's publisher",
    "no-experimental-content": "an option of the Java validator: the rules of HL7's publisher",
    "bundle-param": "an option of the Java validator: profiles by position in a Bundle",
    "advisor": "an option of the Java validator: what not to report",
    "examples": "an option of the Java validator: example addresses refused or let pass",
    "best-practice": "an option of the Java validator: best practices as warnings",
    "ids-in-errors": "an option of the Java validator: how to tell",
    "validateContains": "an option of the Java validator: what of contained resources to report",
}
CORE = "http://hl7.org/fhir/StructureDefinition/"
PROFILE = "StructureDefinition"
CANONICALS = Canonicals(())
RESOURCES = {one.name for one in r4().structures if one.kind == "resource"}
TYPE = re.compile(r'"resourceType"\s*:\s*"(\w+)"|<(\w+)[^>]*xmlns="http://hl7.org/fhir"')
# The urls of extensions that stand in a file, in XML or JSON.
EXTENSION = re.compile(
    r'url(?:=|"\s*:\s*)"(http://hl7\.org/fhir/(?:[0-9.]+/)?StructureDefinition/[^"]+)"'
)
NEWER = re.compile("(?:min|max)ValueDuration")
DISPLAY = ("Wrong Display Name", "No valid display")


def _another_version(case: Case) -> str:
    return "" if case.version in ("4.0", "4.0.1") else "of another FHIR version"


def _switched_off(case: Case) -> str:
    return "" if case.options.get("use-test", True) else "switched off by HL7"


def _elsewhere(case: Case) -> str:
    return ELSEWHERE.get(case.module, "")


def _options(case: Case) -> str:
    asked = (name for name in OPTIONS if name in case.options)
    return next((OPTIONS[name] for name in asked), "")


def _existence(case: Case) -> str:
    if case.options.get("validateReference") != "CHECK_EXISTS_AND_TYPE":
        return ""
    return "an option of the Java validator: whether what is referred to exists"


def _format(case: Case) -> str:
    known = case.file.suffix in (".json", ".xml") or case.file.suffix == ""
    return "" if known else "neither JSON nor XML"


def _unrecorded(case: Case) -> str:
    return "" if case.errors is not None and case.file.exists() else "no outcome is recorded"


def _recorded_elsewhere(case: Case) -> str:
    """Say whether the outcome recorded is that of another resource, or version."""
    if str(case.options.get("java", "")).startswith("java/R5."):
        return "the recorded outcome is of another FHIR version"
    types = {error.place.split(".")[0] for error in case.errors or ()} & RESOURCES
    known = TYPE.search(case.file.read_text(errors="replace"))
    if known is None or not types or (known[1] or known[2]) in types:
        return ""
    return "the recorded outcome is of another resource"


def _later(case: Case) -> str:
    """Say whether a case is about extensions, or elements, that came after R4."""
    files = [case.file, *(case.folder / name for name in case.supporting)]
    texts = [file.read_text(errors="replace") for file in files if file.exists()]
    urls = {url for text in texts for url in EXTENSION.findall(text)}
    if not all(url.startswith(CORE) and _in_r4(url) for url in urls) or any(
        NEWER.search(text) for text in texts
    ):
        return "uses extensions or elements that HL7 added after R4"
    return ""


def _in_r4(url: str) -> bool:
    return next(iter(CANONICALS.find(PROFILE, url)), None) is not None


def _terminology(case: Case) -> str:
    errors = case.errors or ()
    if errors and all(error.server for error in errors):
        return "every recorded error comes from a terminology server"
    if errors and all(error.server or _about_display(error.text) for error in errors):
        return "every recorded error is about a display text"
    return ""


def _about_display(text: str) -> bool:
    return any(words in text for words in DISPLAY)


RULES: tuple[Callable[[Case], str], ...] = (
    _another_version,
    _switched_off,
    _elsewhere,
    _options,
    _existence,
    _format,
    _unrecorded,
    _recorded_elsewhere,
    _later,
    _terminology,
)


def excluded(case: Case) -> str:
    """Give the reason this case is not asked; "" if it is."""
    return next((reason for rule in RULES if (reason := rule(case))), "")
