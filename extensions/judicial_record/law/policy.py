"""Which rule of law decides a case on a day. The law is `rules.json`; here is no figure of it.

A rule applies where its days include the day and all it asks (`when`) is so. Of those that apply
the one decides that comes first by: verified before draft, then `priority`, then how much it asks.
Two that would come at the same place are refused when the file is loaded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, Self

import jsonschema

from extensions.judicial_record.law.conditions import Asked, Fact, compatible, holds
from fhir_server.fhir import json
from fhir_server.fhir.errors import Unprocessable

_HERE = Path(__file__).parent
_SCHEMA = "rules.schema.json"


class LawError(ValueError):
    """Rules that cannot be used; the message names the rule."""


class NoRuleError(Unprocessable):
    """422: no rule of this kind was in force on that day for such a case."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated rule. `value` is counted in `unit`; `end`, where there is one, is the last day.

    `key` is what a decision keeps to say by which rule it was made.
    """

    id: str
    version: str
    kind: str
    value: int | str
    unit: str
    source: str
    status: Literal["verified", "draft"]
    start: date
    end: date | None = None
    when: Mapping[str, Asked] = field(default_factory=dict)
    priority: int = 0

    @property
    def key(self) -> str:
        """Give `id|version`."""
        return f"{self.id}|{self.version}"

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Give what a rule comes before another by."""
        return self.status == "verified", self.priority, len(self.when)

    @property
    def number(self) -> int:
        """Give the value of a rule that counts something; LawError for a word."""
        if isinstance(self.value, str):
            raise LawError(f"The rule {self.key} counts nothing: {self.value!r}.")
        return self.value

    def in_force(self, on: date) -> bool:
        """Say whether this day is one of the rule's."""
        return self.start <= on and (self.end is None or on <= self.end)

    def applies(self, on: date, facts: Mapping[str, Fact]) -> bool:
        """Say whether it is in force and the case is as it asks."""
        return self.in_force(on) and all(
            holds(asked, facts.get(name)) for name, asked in self.when.items()
        )


@dataclass(frozen=True, slots=True)
class Regime:
    """The law in force in a span of days; `canonical` is its address with the version."""

    canonical: str
    title: str
    start: date
    end: date | None
    source: str


@dataclass(frozen=True)
class Law:
    """All rules; `facts` says by name which values a case may have. See `loaded`."""

    rules: tuple[Rule, ...]
    regimes: tuple[Regime, ...]
    facts: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, text: bytes) -> Self:
        """Give the law written in this JSON; LawError where it is not well made."""
        told = json.parse_object(text)
        schema = json.parse_object((_HERE / _SCHEMA).read_bytes())
        try:
            jsonschema.validate(told, schema)
            rules = tuple(_rule(one) for one in told["rules"])
            regimes = tuple(_regime(one) for one in told["regimes"])
        except jsonschema.ValidationError as error:
            raise LawError(f"{error.json_path}: {error.message}") from None
        except ValueError as error:
            raise LawError(f"A day that is none: {error}") from None
        _check(rules, regimes, told["facts"])
        return cls(rules, regimes, told["facts"])

    def rule(self, kind: str, on: date, **facts: Fact | None) -> Rule:
        """Give the rule that decides; `on` is a day in Viet Nam. Facts not known are left out.

        Of a fact with several values each may be said alone: `abroad=True` is
        `circumstance=["abroad"]`.
        Raises NoRuleError where none applies, LawError for a fact or value no rule may ask of.
        """
        found = self.applicable(kind, on, **facts)
        if not found:
            raise NoRuleError(
                f"No rule of kind {kind} was in force on {on} for such a case; add one with its "
                "source to rules.json.",
                code="business-rule",
            )
        return found[0]

    def applicable(self, kind: str, on: date, **facts: Fact | None) -> Sequence[Rule]:
        """Give every rule that applies, drafts too; the one that decides first."""
        known = self._gathered(facts)
        _known_facts(self.facts, known)
        found = [one for one in self.rules if one.kind == kind and one.applies(on, known)]
        return sorted(found, key=lambda one: one.rank, reverse=True)

    def _gathered(self, facts: Mapping[str, Fact | None]) -> dict[str, Fact]:
        known = {name: fact for name, fact in facts.items() if fact is not None}
        for name, told in self.facts.items():
            if told.get("several"):
                said = {one for one in told["values"] if known.pop(one, False) is True}
                known[name] = said | set(_values(known.pop(name, ())))
        return known

    def regime(self, on: date) -> str:
        """Give the canonical, with its version, of the law in force on a day; or NoRuleError."""
        for one in self.regimes:
            if one.start <= on and (one.end is None or on <= one.end):
                return one.canonical
        raise NoRuleError(f"No law on judicial records was in force on {on}.", code="business-rule")

    def by_key(self, key: str) -> Rule:
        """Give the rule a decision has kept as `id|version`; LawError where it is gone."""
        for one in self.rules:
            if one.key == key:
                return one
        raise LawError(f"The rule {key[:80]!r} is not in rules.json any more: rules are ended.")


@cache
def loaded() -> Law:
    """Give the law of `rules.json`."""
    return Law.read((_HERE / "rules.json").read_bytes())


def _rule(told: Mapping[str, Any]) -> Rule:
    start, end = _period(told["effectivePeriod"])
    named = {name: told[name] for name in told if name != "effectivePeriod"}
    return Rule(**named, start=start, end=end)


def _regime(told: Mapping[str, Any]) -> Regime:
    start, end = _period(told["effectivePeriod"])
    canonical = f"{told['url']}|{told['version']}"
    return Regime(canonical, told["title"], start, end, told["source"])


def _period(told: Mapping[str, str]) -> tuple[date, date | None]:
    start = date.fromisoformat(told["start"])
    end = date.fromisoformat(told["end"]) if "end" in told else None
    if end is not None and end < start:
        raise ValueError(f"{end} ends what starts on {start}")
    return start, end


def _check(
    rules: Sequence[Rule], regimes: Sequence[Regime], facts: Mapping[str, Mapping[str, Any]]
) -> None:
    keys = [one.key for one in rules]
    if len(set(keys)) != len(keys):
        raise LawError("A rule stands twice with the same version.")
    for rule in rules:
        try:
            _known_facts(facts, {name: _said(asked) for name, asked in rule.when.items()})
        except LawError as error:
            raise LawError(f"{rule.key}: {error}") from None
    several = {name for name, one in facts.items() if one.get("several")}
    for one, other in combinations(rules, 2):
        if (
            one.kind == other.kind
            and one.rank == other.rank
            and _together(one, other)
            and compatible(one.when, other.when, several)
        ):
            raise LawError(f"{one.key} and {other.key} can both decide the same case.")
    for first, second in combinations(regimes, 2):
        if _together(first, second):
            raise LawError(f"{first.canonical} and {second.canonical} overlap.")


def _said(asked: Asked) -> Fact:
    return 0 if isinstance(asked, dict) else asked


def _together(one: Rule | Regime, other: Rule | Regime) -> bool:
    latest = max(one.start, other.start)
    return all(each.end is None or latest <= each.end for each in (one, other))


def _known_facts(facts: Mapping[str, Mapping[str, Any]], known: Mapping[str, Fact]) -> None:
    """Raise LawError for a fact that is not in the list: misspelled, it would never be so."""
    for name, fact in known.items():
        if name not in facts:
            raise LawError(f"{name!r} is no fact a rule asks of; known: {', '.join(facts)}.")
        told = facts[name]
        if told.get("number"):
            if not isinstance(fact, int | float):
                raise LawError(f"{name} is a number.")
            continue
        wrong = sorted(str(one) for one in _values(fact) if one not in told["values"])
        if wrong:
            raise LawError(f"{name} is none of {', '.join(told['values'])}: {wrong[0][:40]!r}.")


def _values(fact: Fact) -> Iterable[Any]:
    return [fact] if isinstance(fact, str | int | float) else fact
