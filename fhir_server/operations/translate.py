"""The operation `ConceptMap/$translate`: the same in the codes of another system.

https://hl7.org/fhir/R4/conceptmap-operation-translate.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.codings import asked
from fhir_server.operations.inputs import RESOURCE, inputs
from fhir_server.operations.named import Inputs, leading, named, reading
from fhir_server.operations.outputs import answer
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.concept_map import ConceptMap, Match, matches, reversed_matches
from fhir_server.terminology.content import Allow, Content
from fhir_server.terminology.displays import display
from fhir_server.terminology.expand import bare
from fhir_server.terminology.verdict import Coding

NAME, CONCEPT_MAP = "$translate", "ConceptMap"
# Maps that leave a code to another map, one after the other; matches told at once.
MAX_HOPS, MAX_MATCHES = 5, 1_000
_NO_MATCH = frozenset({"unmatched", "disjoint"})
_INPUTS = {
    "url": "valueUri",
    "conceptMap": RESOURCE,
    "conceptMapVersion": "valueString",
    "code": "valueCode",
    "system": "valueUri",
    "version": "valueString",
    "source": "valueUri",
    "coding": "valueCoding",
    "codeableConcept": "valueCodeableConcept",
    "target": "valueUri",
    "targetsystem": "valueUri",
    "dependency": "part*",
    "reverse": "valueBoolean",
}
_NAMES = Inputs(CONCEPT_MAP, inline="conceptMap", version="conceptMapVersion")


async def translate(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with result, message, and a match for each translation.

    Without a map all maps from the code's system are asked, as far as they fit `source` and
    `target`. Raises NotFound for a map that is not here.
    """
    given = inputs(context, request, _INPUTS)
    allow = reading(context, NAME, CONCEPT_MAP)
    codings = asked(given, given.get("system", ""), given.get("version", ""))
    if "code" in given and not given.get("system"):
        raise Invalid("Give the system of the code.", code="required")
    content = context.terminology.content
    one_map = target.id is not None or "url" in given or "conceptMap" in given
    chosen = [await named(context, allow, target, given, _NAMES)] if one_map else []
    asking = _Asking(content, allow, given)
    with leading():
        for coding in codings:
            maps = chosen or await content.concept_maps(
                allow, coding.system, reverse=asking.reverse
            )
            for one in maps:
                assert isinstance(one, ConceptMap)
                if asking.fits(one):
                    await asking.ask(one, coding)
        return answer([part async for part in asking.told()])


@dataclass(slots=True)
class _Asking:
    """A translation under way: what was found, each with the map it comes from."""

    content: Content
    allow: Allow
    given: Mapping[str, Any]
    found: list[tuple[Match, str]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)

    @property
    def reverse(self) -> bool:
        return bool(self.given.get("reverse"))

    def fits(self, one: ConceptMap) -> bool:
        """Say whether a map is between the value sets asked for; reversed, they change sides."""
        sides = (one.target, one.source) if self.reverse else (one.source, one.target)
        wanted = (self.given.get("source", ""), self.given.get("target", ""))
        return all(
            not asked_ or not side or bare(asked_) == bare(side)
            for asked_, side in zip(wanted, sides, strict=True)
        )

    async def ask(self, one: ConceptMap, coding: Coding) -> None:
        find = reversed_matches if self.reverse else matches
        waiting, known = [one], {one.url}
        while waiting:
            used = waiting.pop()
            for match in find(used, coding.system, coding.code, self.given.get("targetsystem", "")):
                if match.equivalence != "other-map":
                    self._take(match, used)
                elif match.code not in known and len(known) <= MAX_HOPS:
                    known.add(match.code)
                    other = await self.content.concept_map(self.allow, match.code)
                    waiting += [other] if other else []

    def _take(self, match: Match, used: ConceptMap) -> None:
        lacking = [one for one in match.needed if one not in set(_values(self.given))]
        self.missing.update(property_ for property_, _, _ in lacking)
        if not lacking:
            self.found.append((match, used.url))
        if len(self.found) > MAX_MATCHES:
            raise Invalid(f"More than {MAX_MATCHES} translations fit.", code="too-costly")

    async def told(self) -> Any:
        """Yield the outputs."""
        good = any(match.code and match.equivalence not in _NO_MATCH for match, _ in self.found)
        yield {"name": "result", "valueBoolean": good}
        if message := self._message(good=good):
            yield {"name": "message", "valueString": message}
        for match, url in self.found:
            yield {"name": "match", "part": [*_parts(await self._named(match), url)]}

    def _message(self, *, good: bool) -> str:
        if self.missing:
            return f"More may fit with a dependency: {', '.join(sorted(self.missing))[:400]}."
        return "" if good else "No translation was found."

    async def _named(self, match: Match) -> Match:
        """Give the match with a display, where the target system is here."""
        if match.display or not match.code:
            return match
        canonical = f"{match.system}|{match.version}" if match.version else match.system
        known = await self.content.system(self.allow, canonical, (match.code,))
        concept = known.concepts.get(match.code) if isinstance(known, CodeSystem) else None
        return replace(match, display=display([concept])) if concept else match


def _values(given: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the dependencies given: element, system and code."""
    for parts in given.get("dependency", ()):
        named_ = {one.get("name"): one for one in parts}
        element = named_.get("element", {}).get("valueUri", "")
        concept = named_.get("concept", {}).get("valueCodeableConcept", {})
        for row in concept.get("coding", ()):
            yield element, row.get("system", ""), row.get("code", "")
            yield element, "", row.get("code", "")


def _parts(match: Match, url: str) -> Iterable[Mapping[str, Any]]:
    yield {"name": "equivalence", "valueCode": match.equivalence or "equivalent"}
    if match.code:
        yield {"name": "concept", "valueCoding": _coding(match)}
    for row in match.product:
        coding = {"system": row.get("system", ""), "code": row.get("value", "")}
        told: Sequence[Mapping[str, Any]] = (
            {"name": "element", "valueUri": row.get("property", "")},
            {"name": "concept", "valueCoding": {key: text for key, text in coding.items() if text}},
        )
        yield {"name": "product", "part": told}
    if url:
        yield {"name": "source", "valueUri": url}


def _coding(match: Match) -> Mapping[str, str]:
    told = {
        "system": match.system,
        "version": match.version,
        "code": match.code,
        "display": match.display,
    }
    return {name: text for name, text in told.items() if text}


_TYPE = Operation(
    name="translate",
    level="type",
    handler=translate,
    definition="http://hl7.org/fhir/OperationDefinition/ConceptMap-translate",
    types=(CONCEPT_MAP,),
    documentation="What a code is in another system.",
)
OPERATIONS = (_TYPE, replace(_TYPE, level="instance"))
