"""What the tests of profiles share: profiles written in place, and what they say of a resource."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Issue
from fhir_server.spec.spec import Spec, load
from fhir_server.terminology.ucum import canonical
from fhir_server.validation.findings import Definitions
from fhir_server.validation.profiles.claims import profile_issues
from fhir_server.validation.questions import Questions

CORE = "http://hl7.org/fhir/StructureDefinition/"
PROFILE = "http://example.org/p"
Judged: TypeAlias = Callable[..., list[Issue]]


def parsed(resource: dict[str, Any]) -> dict[str, Any]:
    """Give a resource as it comes in: decimals with their digits."""
    return json.parse_object(json.dump(resource))


def definition(
    type_: str, *elements: dict[str, Any], url: str = PROFILE, base: str = "", **more: Any
) -> dict[str, Any]:
    """Give a profile with these elements in its differential; paths are below the type."""
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "type": type_,
        "kind": "resource",
        "derivation": "constraint",
        "baseDefinition": base or CORE + type_,
        "differential": {
            "element": [
                {**one, "path": f"{type_}.{one['path']}" if one["path"] else type_}
                for one in elements
            ]
        },
        **more,
    }


@pytest.fixture(scope="session")
def spec() -> Spec:
    return load()


@pytest.fixture
def judged(spec: Spec) -> Judged:
    """Give what a profile, and others it leads to, says of a resource."""

    def judge(
        resource: dict[str, Any],
        *profiles: dict[str, Any],
        answers: Mapping[tuple[str, ...], Any] | None = None,
    ) -> list[Issue]:
        by_url = {one["url"]: parsed(one) for one in profiles}

        def member(value_set: str, _system: str, code: str) -> bool | None:
            codes = spec.codes(value_set)
            return None if codes is None else code in codes

        definitions = Definitions(spec, member, by_url.get, canonical)
        questions = Questions(answers or {})
        return profile_issues(definitions, profiles[0]["url"], parsed(resource), questions)

    return judge
