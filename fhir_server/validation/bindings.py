"""Bindings: whether the codes of an element are from the value set its definition names.

https://hl7.org/fhir/R4/terminologies.html#strength
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from fhir_server.spec.codes import bare
from fhir_server.spec.spec import Spec
from fhir_server.spec.structures import Key
from fhir_server.validation.external import VALUE_SETS
from fhir_server.validation.findings import Findings, Rule, Visit, error, warning

# system and code
Coded: TypeAlias = tuple[str, str]
# (value set, system, code, visit) → is it in? None: nobody can tell
Ask: TypeAlias = Callable[[str, str, str, Visit], bool | None]

_SHORT = 60


def of(spec: Spec, key: Key) -> Rule | None:
    """Give the rule of a coded property; None where nothing is bound, or its codes are checked.

    The codes of a `code` whose value set can be listed are checked with the structure.
    """
    element, read = key.element, _READ.get(key.type)
    if read is None:
        return None
    required, preferred = element.required, element.binding if element.extensible else ""
    if key.type == "code" and required and spec.codes(required):
        required = ""
    rules = [
        *((binding_rule(read, required, "required"),) if required else ()),
        *((binding_rule(read, element.outermost, "outermost"),) if element.outermost else ()),
        *((binding_rule(read, preferred, "extensible"),) if preferred else ()),
    ]
    return _first(rules) if rules else None


def binding_rule(read: Callable[[Any], list[Coded]], value_set: str, strength: str) -> Rule:
    """Give the rule that one of the codes `read` gives is in the value set.

    `strength`: required (there must be one), outermost (where there are codes, one must be in it)
    or extensible (a warning where there are codes and none is in it).
    """
    ask = _asked(value_set)
    name = value_set.partition("|")[0].rpartition("/")[2][:_SHORT]

    def rule(value: Any, visit: Visit) -> Findings | None:
        codes = read(value)
        unsure = False
        for system, code in codes:
            known = ask(value_set, system, code, visit)
            if known:
                return None
            unsure = unsure or known is None
        if not codes:
            if strength != "required" or not _is_empty(value):
                return None
            return error("required", f"a code from the value set {value_set} is needed")
        listed = ", ".join(f"{code[:_SHORT]!r}" for _, code in codes[:3])
        if unsure:
            return _cannot_tell(strength, listed, value_set)
        told = f"{listed} is not in the value set {value_set}"
        if strength == "extensible":
            return warning("code-invalid", f"{told}; use one of {name} where one fits")
        return error("code-invalid", f"{told}, which allows no other")

    return rule


def coded(type_: str) -> Callable[[Any], list[Coded]] | None:
    """Give what reads the codes of a value of this type, None for a type without codes."""
    return _READ.get(type_)


def _cannot_tell(strength: str, listed: str, value_set: str) -> Findings | None:
    if strength != "required":
        return None
    told = f"whether {listed} is in the value set {value_set} cannot be told here"
    return warning("not-found", told)


def _is_empty(value: Any) -> bool:
    """Say whether an extension might be why there is no code: then it is let pass."""
    return type(value) is dict and "extension" not in value


def _asked(value_set: str) -> Ask:
    external = VALUE_SETS.get(bare(value_set))
    if external is None:
        return _of_definitions
    only, is_one = external

    def ask(_value_set: str, system: str, code: str, _visit: Visit) -> bool | None:
        return system in ("", only) and is_one(code)

    return ask


def _of_definitions(value_set: str, system: str, code: str, visit: Visit) -> bool | None:
    return visit.member(value_set, system, code)


def _code(value: Any) -> list[Coded]:
    return [("", value)]


def _coding(value: Any) -> list[Coded]:
    return [(value.get("system", ""), value["code"])] if "code" in value else []


def _concept(value: Any) -> list[Coded]:
    return [
        (coding.get("system", ""), coding["code"])
        for coding in value.get("coding", ())
        if "code" in coding
    ]


_READ: dict[str, Callable[[Any], list[Coded]]] = {
    "code": _code,
    "Coding": _coding,
    "CodeableConcept": _concept,
    "Quantity": _coding,
}


def _first(rules: list[Rule]) -> Rule:
    """Give the rule that says what the first of these has to say."""
    if len(rules) == 1:
        return rules[0]

    def rule(value: Any, visit: Visit) -> Findings | None:
        return next((said for one in rules if (said := one(value, visit))), None)

    return rule
