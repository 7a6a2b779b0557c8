"""Which of HL7's validator cases are asked here, and why the others are not."""

from collections.abc import Callable

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


def _format(case: Case) -> str:
    known = case.file.suffix in (".json", ".xml") or case.file.suffix == ""
    return "" if known else "neither JSON nor XML"


def _unrecorded(case: Case) -> str:
    return "" if case.errors is not None and case.file.exists() else "no outcome is recorded"


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
    _format,
    _unrecorded,
    _terminology,
)


def excluded(case: Case) -> str:
    """Give the reason this case is not asked; "" if it is."""
    return next((reason for rule in RULES if (reason := rule(case))), "")
