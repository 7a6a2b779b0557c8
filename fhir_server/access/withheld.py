"""What the rules of Consents keep from one caller, as a Condition for each type."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.access.consent import Rule, provisions
from fhir_server.search.compartment import DATES, happened
from fhir_server.search.condition import (
    AnyOf,
    Condition,
    Everything,
    Not,
    Nothing,
    Present,
    both,
    either,
)
from fhir_server.search.index import LABELS_FIELD, PATIENT_FIELD
from fhir_server.spec.spec import Spec

# Where a type says what it is, what kind of thing it is: `provision.code` is looked for there.
CODE_FIELDS = ("x.code", "x.type", "x.category", "x.vaccine-code", "x.class")
ALL = "*"


@dataclass(frozen=True, slots=True)
class Asker:
    """Whom rules are judged for: `names` as `consent.caller_names` gives them.

    `patient` is the id of the patient who asks himself; `purposes` are codes of v3-PurposeOfUse,
    None where it is not known what for; `now` in µs.
    """

    names: frozenset[str]
    now: int
    purposes: frozenset[str] | None = None
    patient: str = ""


@dataclass(frozen=True, slots=True)
class _Of:
    """One rule, judged for resources of one type; type `*` stands for all that no rule names."""

    spec: Spec
    asker: Asker
    patient: str
    type: str

    def denied(self, provision: Rule) -> Condition:
        """Hold for what a provision denies."""
        below = provision.get("but", ())
        denied = either(*map(self.denied, below))
        if provision["deny"]:
            permitted = either(*map(self.permitted, below))
            denied = either(denied, _not(permitted))
        return both(self.about(provision), denied)

    def permitted(self, provision: Rule) -> Condition:
        """Hold for what a provision permits; what is denied in it is denied all the same."""
        below = either(*map(self.permitted, provision.get("but", ())))
        return both(self.about(provision), below if provision["deny"] else Everything())

    def about(self, provision: Rule) -> Condition:
        """Hold for what a provision is about, whatever it says of it."""
        unsure = frozenset(provision.get("unsure", ()))
        if not provision["deny"] and unsure:
            return Nothing()
        met = [self._for_asker(provision, unsure), self._now(provision)]
        parts = ("classes", "codes", "labels", "data", "data_period")
        met += [
            getattr(self, f"_{name}")(provision)
            for name in parts
            if name in provision and name not in unsure
        ]
        return both(*met)

    def _for_asker(self, provision: Rule, unsure: Collection[str]) -> Condition:
        asker, actors = self.asker, provision.get("actors", ())
        himself = asker.patient == self.patient
        named = not asker.names.isdisjoint(actors)
        # Whoever is named by nothing that is known here may be anyone, but not the patient.
        anyone = not himself and (not actors or "actors" in unsure)
        purposes = provision.get("purposes")
        if purposes is None or "purposes" in unsure:
            meant = True
        elif asker.purposes is None:
            meant = provision["deny"]
        else:
            meant = not asker.purposes.isdisjoint(purposes)
        return Everything() if (named or anyone) and meant else Nothing()

    def _now(self, provision: Rule) -> Condition:
        low, high = provision.get("period", (None, None))
        outside = low is not None and not low <= self.asker.now < high
        return Nothing() if outside else Everything()

    def _classes(self, provision: Rule) -> Condition:
        return Everything() if self.type in provision["classes"] else Nothing()

    def _codes(self, provision: Rule) -> Condition:
        return either(*(AnyOf(name, tuple(provision["codes"])) for name in CODE_FIELDS))

    def _labels(self, provision: Rule) -> Condition:
        codes = tuple(sorted(text.rpartition("|")[2] for text in provision["labels"]))
        security = AnyOf("x._security", tuple(provision["labels"]))
        return either(security, AnyOf(f"x.{LABELS_FIELD}", codes))

    def _data(self, provision: Rule) -> Condition:
        named = (one.partition("/") for one in provision["data"])
        ids = tuple(id_ for type_, _, id_ in named if type_ == self.type)
        return AnyOf("_id", ids) if ids else Nothing()

    def _data_period(self, provision: Rule) -> Condition:
        low, high = map(int, provision["data_period"])
        if self.type == ALL:
            return Everything() if provision["deny"] else Nothing()
        when = happened(self.spec, self.type, low, high)
        if provision["deny"]:
            return when
        # What has no date is in no period that something is permitted of.
        code, _ = _dated(self.spec, self.type)
        return both(when, Present(f"x.{code}")) if code else Nothing()


def withheld(spec: Spec, rules: Iterable[Rule], asker: Asker) -> Mapping[str, Condition]:
    """Give by type what the rules keep from the asker; `*` for all types that are not named.

    Only what is in the compartment of a rule's patient is withheld.
    """
    listed = list(rules)
    every = [one for rule in listed for one in provisions(rule)]
    named = {type_ for one in every for type_ in _named(one)}
    dated = any("data_period" in one for one in every)
    # Types that are not named and have their date in the same place share their Condition.
    shared: dict[Any, Condition] = {}
    found: dict[str, Condition] = {}
    for type_ in (*(sorted(spec.types) if dated else sorted(named)), ALL):
        key = type_ if type_ in named or type_ == ALL else _dated(spec, type_)
        if key not in shared:
            shared[key] = _all(spec, listed, asker, type_)
        found[type_] = shared[key]
    return found if any(not isinstance(one, Nothing) for one in shared.values()) else {}


def _dated(spec: Spec, type_: str) -> tuple[str, bool]:
    """Give the parameter of a type's date of care, "" without one, and if it has one value."""
    params = spec.search_params(type_)
    code = next((one for one in DATES if one in params), "")
    return code, bool(code) and params[code].single


def _named(provision: Rule) -> set[str]:
    data = (one.partition("/")[0] for one in provision.get("data", ()))
    return {*provision.get("classes", ()), *data}


def _all(spec: Spec, rules: Iterable[Rule], asker: Asker, type_: str) -> Condition:
    """Give what the rules withhold of a type; patients with the same rule stand in one list."""
    patients: dict[Condition, list[str]] = {}
    for rule in rules:
        denied = _Of(spec, asker, rule["patient"], type_).denied(rule)
        patients.setdefault(denied, []).append(rule["patient"])
    patients.pop(Nothing(), None)
    name = f"x.{PATIENT_FIELD}"
    return either(
        *(both(AnyOf(name, tuple(dict.fromkeys(ids))), denied) for denied, ids in patients.items())
    )


def _not(condition: Condition) -> Condition:
    match condition:
        case Everything():
            return Nothing()
        case Nothing():
            return Everything()
        case _:
            return Not(condition)
