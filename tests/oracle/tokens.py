"""Token parameters. https://hl7.org/fhir/R4/search.html#token"""

from tests.oracle.definitions import Value
from tests.oracle.words import plain, split, starts_at_a_word
from tests.oracle.world import World

HL7 = "http://hl7.org/fhir/"
# The code systems of the value sets that elements of type code are bound to,
# https://hl7.org/fhir/R4/terminologies-valuesets.html
SYSTEMS = {
    f"{HL7}ValueSet/{name}": f"{HL7}{system}"
    for name, system in {
        "administrative-gender": "administrative-gender",
        "address-use": "address-use",
        "observation-status": "observation-status",
        "encounter-status": "encounter-status",
        "medicationrequest-status": "CodeSystem/medicationrequest-status",
        "medicationrequest-intent": "CodeSystem/medicationrequest-intent",
        "request-priority": "request-priority",
        "location-status": "location-status",
        "publication-status": "publication-status",
        "chargeitem-status": "chargeitem-status",
        "list-status": "list-status",
        "group-type": "group-type",
    }.items()
}


def pairs(value: Value) -> list[tuple[str, str]]:
    """Give the (system, code) pairs of a value; no system is the empty text."""
    json = value.json
    if value.type == "CodeableConcept":
        return [pair for one in json.get("coding", []) for pair in pairs(Value("Coding", one))]
    if value.type == "Coding":
        found = (json.get("system", ""), json.get("code", ""))
    elif value.type == "Identifier":
        found = (json.get("system", ""), json.get("value", ""))
    elif value.type == "ContactPoint":
        found = ("", json.get("value", ""))
    elif isinstance(json, bool):
        found = ("", "true" if json else "false")
    else:
        found = ("", json)
    both = [found] if found[1] else []
    if value.type == "code" and value.binding in SYSTEMS:
        both.append((SYSTEMS[value.binding], json))
    return both


def asked(text: str, pair: tuple[str, str]) -> bool:
    """Compare a pair with `code`, `system|code`, `|code` (no system), `system|` (any code)."""
    system, *code = (plain(part) for part in split(text, "|", 2))
    if not code:
        return pair[1] == system
    return pair[0] == system and code[0] in (pair[1], "")


def is_it(text: str, value: Value, _world: World) -> bool:
    return any(asked(text, pair) for pair in pairs(value))


def says(text: str, value: Value, _world: World) -> bool:
    """`:text`: what is said of the code or the identifier's type has it from a word on."""
    return any(starts_at_a_word(said, plain(text)) for said in texts(value))


def texts(value: Value) -> list[str]:
    if value.type == "Coding":
        return [value.json["display"]] if "display" in value.json else []
    if value.type == "Identifier":
        concept = value.json.get("type", {})
        return [concept["text"]] if "text" in concept else []
    if value.type == "CodeableConcept":
        said = [value.json["text"]] if "text" in value.json else []
        return said + [
            display
            for one in value.json.get("coding", [])
            for display in texts(Value("Coding", one))
        ]
    return []


def of_type(text: str, value: Value, _world: World) -> bool:
    """`:of-type`: an Identifier by the system and code of its type, and its value."""
    system, code, number = (plain(part) for part in split(text, "|", 3))
    if value.type != "Identifier" or value.json.get("value") != number:
        return False
    codings = value.json.get("type", {}).get("coding", [])
    return any((one.get("system"), one.get("code")) == (system, code) for one in codings)


def inside(text: str, value: Value, world: World) -> bool:
    """`:in`: a coding is in the value set."""
    return any(pair in world.value_sets[plain(text)] for pair in pairs(value))


def below(text: str, value: Value, world: World) -> bool:
    """`:below`: a coding is the code or stands under it."""
    system, code = (plain(part) for part in split(text, "|", 2))
    return any(pair[0] == system and code in line(world, *pair) for pair in pairs(value))


def above(text: str, value: Value, world: World) -> bool:
    """`:above`: a coding is the code or one it stands under."""
    system, code = (plain(part) for part in split(text, "|", 2))
    return any(pair[0] == system and pair[1] in line(world, system, code) for pair in pairs(value))


def line(world: World, system: str, code: str) -> list[str]:
    """Give a code and everything it stands under."""
    parents = world.parents.get(system, {})
    found = [code]
    while found[-1] in parents:
        found.append(parents[found[-1]])
    return found


MODIFIERS = {
    "": is_it,
    "text": says,
    "of-type": of_type,
    "in": inside,
    "below": below,
    "above": above,
}
# Held by a resource of which no value meets another modifier: also by one without a value.
DENIED = {"not": "", "not-in": "in"}


def order(value: Value, _world: World) -> list[str]:
    """Sort by the code, whatever its system."""
    return [code for _, code in pairs(value)]
