"""The one place that says what a caller may do.

Every read and write carries the Condition given here; the store refuses to run without one.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from fhir_server.access.caller import Caller, Part, Reach
from fhir_server.access.letters import OWN, needed
from fhir_server.access.membership import TREATMENT, WRITES, of_patients
from fhir_server.access.scopes import Scope, parse
from fhir_server.fhir.errors import Forbidden, Invalid
from fhir_server.search import clause
from fhir_server.search.condition import (
    Condition,
    Everything,
    Not,
    Nothing,
    beyond,
    both,
    either,
    is_open,
)
from fhir_server.search.place import Place
from fhir_server.spec.spec import Spec
from fhir_server.store.steps import REFER, RESULT

# Not an interaction: a definition is read to judge what is written, whoever wrote it.
DEFINE = "define"

_LABELS = "x._labels"
# What a record of care refers to, always.
_ANCHORS = frozenset({"Patient", "Encounter"})


def decide(
    caller: Caller, interaction: str, type_: str | None, spec: Spec, place: Place
) -> Condition:
    """Give the Condition that narrows this interaction on this type; raise Forbidden if none.

    `interaction` is a code of http://hl7.org/fhir/R4/valueset-type-restful-interaction.html,
    `$name` for an operation, a step of the store (`store/steps`), or `DEFINE`. `type_` is None
    at system level, where nothing is reached: what is touched is asked by type. `--auth none` is
    one caller that may do everything, and only from loopback.

    Forbidden comes of scopes alone, never of data. A resource is reached where it is in a scope of
    a level (patient, user, system) and within what that level reaches; levels add to each other.
    What consents withhold, and labels hide, is then left out.
    """
    if caller.unrestricted:
        return Everything()
    key = (interaction, type_, spec)
    known = caller.decided.get(key)
    if known is None:
        known = caller.decided[key] = _decided(caller, interaction, type_, spec, place)
    return known


def _decided(
    caller: Caller, interaction: str, type_: str | None, spec: Spec, place: Place
) -> Condition:
    scopes, reach = _scopes(caller.scopes, spec), caller.reach or Reach()
    if interaction == DEFINE:
        return Everything() if TREATMENT.get(type_ or "") == "shared" else Nothing()
    if interaction == REFER:
        # Who may not see what a patient withheld may still write down that he was there.
        seen = Reach(cleared=reach.cleared) if type_ in _ANCHORS else reach
        return both(_referred(scopes, reach, type_ or "", spec), _shown(seen, type_ or ""))
    code = interaction.removesuffix(RESULT)
    letters = needed(code)
    if letters == OWN:
        # What such an operation touches is for the operation itself to bound.
        _check(any(one.operation == code for one in scopes), code, type_ or "the whole system")
        return Everything() if type_ else Nothing()
    _check(bool(scopes), code, type_ or "the whole system")
    if type_ is None or not letters:
        _check(_any_type(scopes, letters), code, "the whole system")
        return Nothing()
    reached = [_reached(scopes, reach, one, (code, type_), (spec, place)) for one in letters]
    # A write may leave a state that is labelled, and hidden from its own writer.
    return both(*reached, *(() if code != interaction else (_shown(reach, type_),)))


def _check(granted: bool, code: str, where: str) -> None:  # noqa: FBT001 it says nothing but that
    """Raise Forbidden, as https://www.rfc-editor.org/rfc/rfc6750#section-3.1 has it."""
    if not granted:
        raise Forbidden(
            f"{code} on {where} is in no scope of this token.",
            headers=[("WWW-Authenticate", 'Bearer error="insufficient_scope"')],
        )


def _any_type(scopes: Iterable[Scope], letters: str) -> bool:
    return any(set(letters) <= set(one.letters) for one in scopes)


def _reached(
    scopes: Sequence[Scope],
    reach: Reach,
    letter: str,
    asked: tuple[str, str],
    terms: tuple[Spec, Place],
) -> Condition:
    """Give what the scopes with a letter reach; Forbidden where none of the type has it."""
    code, type_ = asked
    fitting = [one for one in scopes if one.type in {"*", type_} and letter in one.letters]
    _check(bool(fitting), code, type_)
    ways = []
    for level, part in reach.parts.items():
        met = either(*(_met(one, type_, *terms) for one in fitting if one.level == level))
        ways.append(both(met, _within(part, type_, letter, terms[0])))
    return either(*ways)


def _within(part: Part, type_: str, letter: str, spec: Spec) -> Condition:
    """Give what one level reaches; its rows are to be read: nobody admits himself by writing."""
    if part.patients is None:
        return Everything()
    patients = of_patients(spec, type_, part.patients, letter)
    rows = part.rows.get(type_)
    return patients if rows is None or letter in WRITES else either(patients, rows)


def _referred(scopes: Sequence[Scope], reach: Reach, type_: str, spec: Spec) -> Condition:
    """Give what may be referred to: what is reached, with whatever scope."""
    levels = {one.level for one in scopes}
    parts = (part for level, part in reach.parts.items() if level in levels)
    return either(*(_within(part, type_, "r", spec) for part in parts))


def _shown(reach: Reach, type_: str) -> Condition:
    hidden = either(reach.withheld_of(type_), beyond(_LABELS, reach.cleared))
    return Not(hidden)


@lru_cache(maxsize=4096)
def _scopes(texts: tuple[str, ...], spec: Spec) -> tuple[Scope, ...]:
    """Give the scopes that can be read here; one whose parameter is gone grants nothing."""
    found = []
    for text in texts:
        try:
            found.append(parse(text, spec))
        except ValueError:
            continue
    return tuple(one for one in found if one.level)


@lru_cache(maxsize=4096)
def _met(scope: Scope, type_: str, spec: Spec, place: Place) -> Condition:
    """Give what a scope's parameters ask of a type, Nothing where they cannot be asked."""
    try:
        asked = clause.Scope(spec, type_, place)
        found = both(*(clause.clause(asked, *pair) for pair in scope.parameters))
    except (Invalid, KeyError):
        return Nothing()
    return Nothing() if is_open(found) else found
