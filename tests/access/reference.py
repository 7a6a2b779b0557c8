"""The reference authoriser: plain resources judged by plain rules, one after the other.

It knows nothing of Conditions, index fields or the search parser, and reads scopes by itself.
"""

from dataclasses import dataclass, field

SHARED = {"Organization", "Practitioner", "Medication"}
WHOLE = {"Appointment", "Group"}
LETTER = {
    "read": "r",
    "vread": "r",
    "history-instance": "r",
    "search-type": "s",
    "history-type": "s",
    "create-result": "c",
    "update": "u",
    "update-result": "u",
    "patch": "u",
    "patch-result": "u",
    "delete": "d",
    "$everything": "rs",
    "$lastn": "s",
    "$meta-add": "u",
}


@dataclass(frozen=True)
class Policy:
    """What a caller has: scopes as text, patients of each level, what is kept from it.

    `patients` None is everybody's. `rows` are ids of organisations whose Encounters are read,
    `withheld` categories by type, `cleared` labels.
    """

    scopes: tuple[str, ...]
    patients: dict[str, frozenset[str] | None]
    rows: frozenset[str] = frozenset()
    withheld: dict[str, str] = field(default_factory=dict)
    cleared: frozenset[str] = frozenset()


def references(resource, *names):
    """Give the references under these elements, single or many."""
    for name in names:
        value = resource.get(name, [])
        for one in value if isinstance(value, list) else [value]:
            yield one["reference"]


def people(resource):
    """Give the ids of the patients whose compartment a resource is in."""
    match resource["resourceType"]:
        case "Observation":
            found = references(resource, "subject", "performer")
        case "Condition":
            found = references(resource, "subject", "asserter")
        case "Encounter":
            found = references(resource, "subject")
        case "Appointment":
            found = (one["actor"]["reference"] for one in resource.get("participant", ()))
        case "Group":
            found = (one["entity"]["reference"] for one in resource.get("member", ()))
        case "Patient":
            links = (one["other"]["reference"] for one in resource.get("link", ()))
            found = [f"Patient/{resource['id']}", *links]
        case _:
            found = ()
    return {one.removeprefix("Patient/") for one in found if one.startswith("Patient/")}


def belongs(resource, patients, letter):
    """Say whether who may reach these patients reaches the resource with this letter."""
    type_, about = resource["resourceType"], people(resource)
    if patients is None:
        return True
    if type_ in SHARED:
        return letter in "rs"
    if type_ == "Binary":
        context = resource.get("securityContext", {}).get("reference", "")
        return context in {f"Patient/{one}" for one in patients}
    alone = letter in "cud" or type_ in WHOLE
    mine = resource["id"] in patients if type_ == "Patient" else bool(about & patients)
    return mine and (not alone or about <= patients)


def codes(resource, name):
    """Give the codes of a parameter: those of `category`, or the status."""
    if name == "status":
        return {resource[name]} if name in resource else set()
    return {coding["code"] for concept in resource.get(name, ()) for coding in concept["coding"]}


def fits(scope, level, type_, letter):
    """Give the parameters of a scope that is about this level, type and letter, else None."""
    head, _, query = scope.partition("?")
    own, _, rest = head.partition("/")
    about, _, letters = rest.partition(".")
    if own != level or about not in ("*", type_) or letter not in letters:
        return None
    return [pair.split("=") for pair in query.split("&")] if query else []


def judge(policy, code, resource, labels=()):
    """Give None for a 403, else whether the resource is reached."""
    type_ = resource["resourceType"]
    reached = True
    for letter in LETTER[code]:
        granted = found = False
        for level in ("patient", "user", "system"):
            for scope in policy.scopes:
                asked = fits(scope, level, type_, letter)
                if asked is None:
                    continue
                granted = True
                meets = all(codes(resource, name) & set(text.split(",")) for name, text in asked)
                found = found or (meets and within(policy, level, resource, letter))
        if not granted:
            return None
        reached = reached and found
    kept = policy.withheld.get(type_) in codes(resource, "category") if policy.withheld else False
    if code.endswith("-result"):
        return reached
    return reached and not kept and set(labels) <= policy.cleared


def within(policy, level, resource, letter):
    """Say whether a level reaches a resource, by its patients or by the rows of its own."""
    if level not in policy.patients:
        return False
    if belongs(resource, policy.patients[level], letter):
        return True
    provider = resource.get("serviceProvider", {}).get("reference", "")
    rows = level == "user" and resource["resourceType"] == "Encounter" and letter in "rs"
    return rows and provider.removeprefix("Organization/") in policy.rows
