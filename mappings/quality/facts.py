"""What is noted of one submission in its DocumentReference, and read back for reports.

The extension `vn-ext-data-quality`: `arrived` (first arrival), `warnings`, `sent` (times the visit
came), and for each field profile a `completeness` with `profile`, `asked` and each `missing` code.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir_server.fhir import dates
from fhir_server.interactions.context import Context
from mappings.quality.field_profile import Completeness, FieldProfile, completeness

NAME = "vn-ext-data-quality"

Fhir = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """`arrived` is an instant; `sent` counts the submissions of this visit so far."""

    arrived: str
    warnings: int = 0
    sent: int = 1
    completeness: tuple[Completeness, ...] = ()


def extension(facts: Facts, url: str) -> Fhir:
    """Give the facts as an extension of that address."""
    return {
        "url": url,
        "extension": [
            {"url": "arrived", "valueInstant": facts.arrived},
            {"url": "warnings", "valueUnsignedInt": facts.warnings},
            {"url": "sent", "valueUnsignedInt": facts.sent},
            *(_completeness(one) for one in facts.completeness),
        ],
    }


def facts_of(document: Mapping[str, Any]) -> Facts | None:
    """Give what an extension of a DocumentReference says; None where it has none."""
    for one in document.get("extension", ()):
        if str(one.get("url", "")).endswith(f"/{NAME}"):
            parts = _parts(one)
            return Facts(
                arrived=str(_first(parts, "arrived", "")),
                warnings=int(_first(parts, "warnings", 0)),
                sent=int(_first(parts, "sent", 1)),
                completeness=tuple(_read(part) for part in parts.get("completeness", ())),
            )
    return None


def _completeness(one: Completeness) -> Fhir:
    parts: list[Fhir] = [
        {"url": "profile", "valueCode": one.profile},
        {"url": "asked", "valueUnsignedInt": one.asked},
    ]
    parts += [{"url": "missing", "valueCode": code} for code in one.missing]
    return {"url": "completeness", "extension": parts}


def _read(parts: Sequence[Fhir]) -> Completeness:
    found = _parts({"extension": parts})
    return Completeness(
        str(_first(found, "profile", "")),
        int(_first(found, "asked", 0)),
        tuple(str(one) for one in found.get("missing", ())),
    )


def _parts(extension_: Mapping[str, Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in _named(extension_.get("extension", ())):
        found.setdefault(name, []).append(value)
    return found


def _named(parts: Iterable[Fhir]) -> Iterator[tuple[str, Any]]:
    for part in parts:
        values = (value for key, value in part.items() if key != "url")
        yield str(part.get("url", "")), next(values, None)


def _first(parts: Mapping[str, Sequence[Any]], name: str, default: Any) -> Any:
    return next(iter(parts.get(name, ())), default)


@dataclass(frozen=True, slots=True)
class Quality:
    """What a submission is judged by: `url` is the extension's address."""

    url: str
    profiles: tuple[FieldProfile, ...] = ()

    def noted(
        self, context: Context, resources: Sequence[Fhir], warnings: int, before: Facts | None
    ) -> Fhir:
        """Give the extension for a submission; `before` are the facts of the same visit before."""
        now = context.now()
        moment = datetime.fromtimestamp(now // 1_000_000, context.zone)
        facts = Facts(
            arrived=before.arrived if before else dates.instant(now),
            warnings=warnings,
            sent=before.sent + 1 if before else 1,
            completeness=tuple(
                completeness(context.spec, profile, resources, moment) for profile in self.profiles
            ),
        )
        return extension(facts, self.url)
