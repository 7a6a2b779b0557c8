"""Versions: which version of a code system a question means, as its caller says.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fhir_server.fhir.errors import Invalid


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions by system: where a ValueSet names none, where it must name that one, in any case."""

    default: Mapping[str, str] = field(default_factory=dict)
    checked: Mapping[str, str] = field(default_factory=dict)
    forced: Mapping[str, str] = field(default_factory=dict)

    def meant(self, canonical: str) -> str:
        """Give the canonical that is meant by one in a ValueSet; Invalid where the check fails."""
        system, _, version = canonical.partition("|")
        checked = self.checked.get(system)
        if checked and version not in ("", checked):
            told = f"A ValueSet takes {system[:200]} of version {version[:64]!r}, not {checked!r}."
            raise Invalid(told, code="processing")
        chosen = self.forced.get(system) or version or checked or self.default.get(system, "")
        return f"{system}|{chosen}" if chosen else system


ANY = Versions()


def by_system(canonicals: Iterable[str]) -> Mapping[str, str]:
    """Give the versions of `system|version`; Invalid for one that lacks either or stands twice."""
    found: dict[str, str] = {}
    for canonical in canonicals:
        system, _, version = canonical.partition("|")
        if not (system and version) or found.get(system, version) != version:
            told = f"{canonical[:200]!r} must be system|version, one version for each system."
            raise Invalid(told, code="value")
        found[system] = version
    return found
