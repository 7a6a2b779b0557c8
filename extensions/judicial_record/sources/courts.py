"""The courts judgments may come from: found by code or name, written as a reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.search.fold import fold


@dataclass(frozen=True)
class Courts:
    """`codes` by folded name and by code; `names` as printed, by code."""

    system: str
    codes: Mapping[str, str]
    names: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Give the courts of a file like `courts.json`; Invalid where it cannot be read as that."""
        told = json.parse_object(path.read_bytes())
        try:
            names = {one["code"]: one["name"] for one in told["courts"]}
            codes = {
                fold(name): one["code"]
                for one in told["courts"]
                for name in (one["code"], one["name"], *one.get("names", ()))
            }
            return cls(told["system"], codes, names)
        except (KeyError, TypeError) as error:
            raise Invalid(f"{path.name} is no list of courts: {error!r}") from None

    def code(self, reference: Mapping[str, Any]) -> str | None:
        """Give the code of the court a Reference(Organization) names; None for one not known."""
        named = reference.get("identifier", {}).get("value") or reference.get("display", "")
        return self.codes.get(fold(str(named)))

    def reference(self, code: str) -> dict[str, Any]:
        """Give the court as a Reference: a logical one, since no Organization has to stand here."""
        identifier = {"system": self.system, "value": code}
        return {"type": "Organization", "identifier": identifier, "display": self.names[code]}


@cache
def shipped() -> Courts:
    """Give the courts of `courts.json`."""
    return Courts.read(Path(__file__).with_name("courts.json"))
