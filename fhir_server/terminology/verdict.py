"""Verdict: whether a code is one of a system, and of a ValueSet, and what it is called.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fhir_server.terminology.code_system import CodeSystem, Concept
from fhir_server.terminology.displays import alike, display, texts
from fhir_server.terminology.known import Known


@dataclass(frozen=True, slots=True)
class Coding:
    """What is asked about: `system` may be '', `version` and `display` too."""

    system: str
    code: str
    version: str = ""
    display: str = ""

    @property
    def canonical(self) -> str:
        """The system, with the version where there is one."""
        return f"{self.system}|{self.version}" if self.version else self.system


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, what is to be said about it, and what the code is called here."""

    result: bool
    message: str = ""
    display: str = ""


@dataclass(frozen=True, slots=True)
class How:
    """What counts: `language` of the display; `abstract` False: codes for grouping are no codes."""

    language: str = ""
    abstract: bool = True


def verdict(
    known: CodeSystem | Known | None, coding: Coding, how: How, listed: Sequence[Concept] = ()
) -> Verdict:
    """Judge a code as one of its system; None is a system that is not known here.

    `listed` is what a ValueSet that has the code calls it: its word is enough for codes whose
    system is not here.
    """
    if isinstance(known, Known):
        return _of_grammar(known, coding)
    own = known.find(coding.code) if known else None
    if known is None or own is None:
        return _displayed(listed, coding, how) if listed else _missing(known, coding)
    if not how.abstract and own in known.abstract:
        told = f"{coding.code!r} is abstract: it groups others, and stands for nothing itself."
        return Verdict(False, told, display([known.concepts[own]], how.language))
    native = known.resource.get("language", "")
    found = _displayed([*listed, known.concepts[own]], coding, how, native)
    hint = f"{own!r} is inactive." if own in known.inactive and found.result else ""
    return Verdict(found.result, found.message or hint, found.display)


def _of_grammar(known: Known, coding: Coding) -> Verdict:
    if known.member(coding.code):
        return Verdict(True, display=coding.display or coding.code)
    return Verdict(False, f"{coding.code[:64]!r} is no code of {known.name} ({known.url}).")


def _missing(known: CodeSystem | None, coding: Coding) -> Verdict:
    named = f"The code {coding.code[:64]!r} cannot be checked"
    if known is None:
        return Verdict(False, f"{named}: {coding.canonical[:200]} is not known here.")
    if known.member(coding.code) is None:
        return Verdict(False, f"{named}: not all codes of {known.url[:200]} are here.")
    return Verdict(False, f"{coding.code[:64]!r} is no code of {known.url[:200]}.")


def _displayed(concepts: Sequence[Concept], coding: Coding, how: How, native: str = "") -> Verdict:
    best = display(concepts, how.language, native)
    names = list(texts(concepts))
    if not coding.display or not names or any(alike(coding.display, name) for name in names):
        return Verdict(True, display=best)
    told = f"The display {coding.display[:200]!r} is not one of {coding.code!r}: {best[:200]!r} is."
    return Verdict(False, told, best)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Give the verdict on a CodeableConcept: one good coding is enough, all faults are told."""
    best = next((one for one in verdicts if one.result), verdicts[0])
    messages = dict.fromkeys(one.message for one in verdicts if one.message)
    return Verdict(best.result, " ".join(messages), best.display)
