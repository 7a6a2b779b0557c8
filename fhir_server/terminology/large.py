"""Large systems: code systems that are loaded, concept by concept, and asked without being read.

https://hl7.org/fhir/R4/codesystem.html#hierarchy
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.search.fold import fold
from fhir_server.store.concepts import Concept, Concepts, Field, Loaded, Where
from fhir_server.terminology.code_system import CodeSystem, code_system_of
from fhir_server.terminology.regex import matcher
from fhir_server.terminology.value_set import Filter

# The names of what every system has, and where that is kept.
_FIELDS: Mapping[str, Field] = {
    "concept": "code",
    "code": "code",
    "parent": "parents",
    "ancestor": "ancestors",
}
_BY_HIERARCHY = ("is-a", "descendent-of", "is-not-a", "generalizes")
_BY_VALUE = ("=", "in", "not-in", "exists")
_VALUES = {"boolean": "valueBoolean", "code": "valueCode", "string": "valueString"}


@dataclass(frozen=True, slots=True)
class LargeSystem:
    """One version of a system; whoever has it was allowed to read its CodeSystem resource."""

    concepts: Concepts
    loaded: Loaded

    async def below(self, code: str, limit: int) -> frozenset[str]:
        """Give the code and every code it subsumes; Invalid for more than `limit` of them."""
        await self.above(code)
        return await self._limited([Where("ancestors", (code,))], limit)

    async def above(self, code: str) -> frozenset[str]:
        """Give the code and every code it is subsumed by; Invalid for no code of the system."""
        found = await self.concepts.ancestors(self.loaded, [code])
        if code not in found:
            told = f"{code[:64]!r} is no code of {self.loaded.url[:200]}."
            raise Invalid(told, code="not-found")
        return frozenset(found[code])

    async def select(
        self,
        filters: Collection[Filter],
        limit: int,
        codes: Collection[str] | None = None,
        text: str = "",
    ) -> frozenset[str]:
        """Give the codes all filters let through, of these `codes` where there are some.

        `text`: words one of whose texts has others that begin so. Raises Invalid for more than
        `limit`, and for filters as `filters.filtered` does.
        """
        # The longest word is likely in the fewest concepts: an index finds those.
        words = sorted(fold(text).split(), key=len, reverse=True)
        asked = [Where("words", (word,), begins=True) for word in words]
        if codes is not None:
            asked.append(Where("code", tuple(codes)))
        patterns = [one for one in filters if one.op == "regex"]
        for one in filters:
            if one.op != "regex":
                asked += await self._asked(one)
        if not patterns:
            return await self._limited(asked, limit)
        return await self._matching(asked, patterns, limit)

    async def part(self, codes: Collection[str], *, upwards: bool = False) -> CodeSystem:
        """Give a CodeSystem to be asked of these codes only, with `upwards` of those above them.

        It is `complete`: one of these codes that it does not have is none.
        """
        if upwards:
            above = await self.concepts.ancestors(self.loaded, codes)
            codes = frozenset().union(*above.values())
        found = await self.concepts.read(self.loaded, codes)
        return code_system_of(
            {
                "resourceType": "CodeSystem",
                "url": self.loaded.url,
                "version": self.loaded.version,
                "content": "complete",
                "property": [{"code": n, "type": t} for n, t in self.loaded.properties.items()],
                "concept": [self._resource(one) for _, one in sorted(found.items())],
            }
        )

    async def children(self, code: str, limit: int) -> list[str]:
        """Give the codes directly below a code, at most `limit`, in order."""
        asked = [Where("ancestors", (code,)), Where("parents", (code,))]
        return sorted(await self.concepts.codes(self.loaded, asked, limit))

    def _resource(self, concept: Concept) -> dict[str, Any]:
        """Give a concept as CodeSystem.concept has it."""
        parents = [{"code": "parent", "valueCode": code} for code in concept.parents]
        properties = [self._property(*pair) for pair in concept.properties]
        designations = [
            {
                **({"language": one.language} if one.language else {}),
                **({"use": {"system": self.loaded.url, "code": one.use}} if one.use else {}),
                "value": one.value,
            }
            for one in concept.designations
        ]
        return {
            "code": concept.code,
            "display": concept.display,
            **({"designation": designations} if designations else {}),
            "property": [*parents, *properties],
        }

    def _property(self, name: str, value: str) -> dict[str, Any]:
        # What a system does not declare are SNOMED CT's attributes, whose values are codes.
        type_ = self.loaded.properties.get(name, "code")
        return {"code": name, _VALUES[type_]: value == "true" if type_ == "boolean" else value}

    async def _limited(self, asked: list[Where], limit: int) -> frozenset[str]:
        found = await self.concepts.codes(self.loaded, asked, limit + 1)
        if len(found) > limit:
            raise self._too_many(limit)
        return frozenset(found)

    async def _matching(
        self, asked: list[Where], patterns: list[Filter], limit: int
    ) -> frozenset[str]:
        """Look at every code that is left: MongoDB's own patterns may take for ever."""
        for one in patterns:
            if one.property in ("parent", "ancestor"):
                raise self._unsupported(one)
            await self._known(one.property)
        tests = [(one.property, matcher(one.value)) for one in patterns]
        found: set[str] = set()
        async for code, properties in self.concepts.walk(self.loaded, asked):
            if all(
                any(matches(value) for value in _values(name, code, properties))
                for name, matches in tests
            ):
                found.add(code)
            if len(found) > limit:
                raise self._too_many(limit)
        return frozenset(found)

    async def _asked(self, one: Filter) -> list[Where]:
        if one.property in ("concept", "code") and one.op in _BY_HIERARCHY:
            return await self._by_hierarchy(one)
        if one.op not in _BY_VALUE or (one.op == "exists" and one.property in _FIELDS):
            raise self._unsupported(one)
        await self._known(one.property)
        field = _FIELDS.get(one.property, "properties")
        start = f"{one.property}=" if field == "properties" else ""
        if one.op == "exists":
            return [Where(field, (start,), begins=True, negated=one.value != "true")]
        given = [one.value] if one.op == "=" else [part.strip() for part in one.value.split(",")]
        values = tuple(f"{start}{value}" for value in given)
        return [Where(field, values, negated=one.op == "not-in")]

    async def _by_hierarchy(self, one: Filter) -> list[Where]:
        above = await self.above(one.value)
        itself = (one.value,)
        if one.op == "generalizes":
            return [Where("code", tuple(above))]
        if one.op == "descendent-of":
            return [Where("ancestors", itself), Where("code", itself, negated=True)]
        return [Where("ancestors", itself, negated=one.op == "is-not-a")]

    async def _known(self, name: str) -> None:
        if name in _FIELDS or name in self.loaded.properties:
            return
        # In SNOMED CT a property may be any concept that is an attribute.
        if not await self.concepts.read(self.loaded, [name]):
            raise Invalid(
                f"{self.loaded.url[:200]} has no property {name[:64]!r}, which a ValueSet "
                "chooses by.",
                code="not-supported",
            )

    def _unsupported(self, one: Filter) -> Invalid:
        return Invalid(
            f"The filter {one.property[:64]!r} {one.op[:32]!r} of a ValueSet is not supported of "
            f"{self.loaded.url[:200]}.",
            code="not-supported",
        )

    def _too_many(self, limit: int) -> Invalid:
        told = f"More than {limit} codes of {self.loaded.url[:200]} are asked for; ask for fewer."
        return Invalid(told, code="too-costly")


def _values(name: str, code: str, properties: Collection[tuple[str, str]]) -> list[str]:
    if name in ("concept", "code"):
        return [code]
    return [value for one, value in properties if one == name]
