"""20,000 generated decisions agree with the reference authoriser."""

import random
from collections import Counter

import pytest

from fhir_server.access.caller import Caller, Part, Reach
from fhir_server.access.decide import decide
from fhir_server.fhir.errors import Forbidden
from fhir_server.search import clause
from fhir_server.search.index import index_fields
from fhir_server.search.match import matches
from fhir_server.search.place import Place
from tests.access.reference import LETTER, Policy, judge

PEOPLE = ("a", "b", "c")
CATEGORIES = ("laboratory", "vital-signs")
LABELS = ((), (), (), ("HIV",), ("PSY",), ("HIV", "PSY"))
TYPES = (
    "Patient", "Observation", "Condition", "Encounter", "Appointment", "Group",
    "Binary", "Task", "Device", "Organization", "Practitioner", "Medication",
)  # fmt: skip
# Where types outside the compartment name a patient.
NAMES = {"Binary": "securityContext", "Task": "for", "Device": "patient"}
DECISIONS = 20_000


def patient(draw):
    return {"reference": f"Patient/{draw.choice(PEOPLE)}"}


def resource(draw, type_, identity):
    """Give a resource of a type, about some of the people or none."""
    made = {"resourceType": type_, "id": identity}
    some = [patient(draw) for _ in range(draw.randint(0, 2))]
    match type_:
        case "Patient":
            made["id"] = draw.choice(PEOPLE)
            made["link"] = [{"other": one, "type": "seealso"} for one in some]
        case "Observation" | "Condition":
            made |= {"subject": patient(draw)} if draw.random() < 0.9 else {}
            if draw.random() < 0.4:
                other = patient(draw)
                made |= {"performer": [other]} if type_ == "Observation" else {"asserter": other}
            coding = [{"system": "http://example.org/c", "code": draw.choice(CATEGORIES)}]
            made["category"] = [{"coding": coding}]
            made["status"] = draw.choice(("final", "amended"))
        case "Encounter":
            made |= {"subject": patient(draw), "status": draw.choice(("planned", "finished"))}
            made["serviceProvider"] = {"reference": f"Organization/{draw.choice(('h1', 'h2'))}"}
        case "Appointment":
            made["participant"] = [{"actor": one} for one in some]
        case "Group":
            made["member"] = [{"entity": one} for one in some]
        case _ if type_ in NAMES and draw.random() < 0.7:
            made[NAMES[type_]] = patient(draw)
    return {name: value for name, value in made.items() if value != []}


def scope(draw):
    level = draw.choice(("patient", "user", "system"))
    type_ = draw.choice(("*",) * 6 + TYPES)
    letters = "".join(one for one in "cruds" if draw.random() < 0.7) or "r"
    query = ""
    if type_ in ("Observation", "Condition") and draw.random() < 0.6:
        query = f"?category={draw.choice((*CATEGORIES, ','.join(CATEGORIES)))}"
    if type_ in ("Observation", "Encounter") and draw.random() < 0.3:
        query += f"{'&' if query else '?'}status={draw.choice(('final', 'planned', 'finished'))}"
    return f"{level}/{type_}.{letters}{query}"


def policy(draw):
    levels = [one for one in ("patient", "user", "system") if draw.random() < 0.8]
    some = {one: frozenset(draw.sample(PEOPLE, draw.randint(0, 2))) for one in levels}
    return Policy(
        scopes=tuple(scope(draw) for _ in range(draw.randint(0, 9))),
        patients={one: None if one == "system" else some[one] for one in levels},
        rows=frozenset({"h1"}) if draw.random() < 0.3 else frozenset(),
        withheld={"Observation": draw.choice(CATEGORIES)} if draw.random() < 0.3 else {},
        cleared=frozenset(draw.sample(("HIV", "PSY"), draw.randint(0, 2))),
    )


def caller(spec, place, policy):
    """Give the policy in the engine's own terms."""

    def asked(type_, name, value):
        return clause.clause(clause.Scope(spec, type_, place), name, value)

    own = ",".join(f"Organization/{one}" for one in policy.rows)
    rows = {"Encounter": asked("Encounter", "service-provider", own)} if own else {}
    parts = {
        level: Part(some, rows if level == "user" else {})
        for level, some in policy.patients.items()
    }
    withheld = {type_: asked(type_, "category", one) for type_, one in policy.withheld.items()}
    return Caller("x", scopes=policy.scopes, reach=Reach(parts, withheld, policy.cleared))


def decided(spec, place, who, code, document):
    try:
        condition = decide(who, code, document["type"], spec, place)
    except Forbidden:
        return None
    return matches(condition, document)


@pytest.mark.parametrize("seed", range(4))
def test_generated_decisions_agree_with_the_reference(spec, seed):
    draw, place = random.Random(seed), Place(types=spec.types)
    world = []
    for number in range(300):
        one = resource(draw, draw.choice(TYPES), f"r{number}")
        labels = draw.choice(LABELS)
        fields = index_fields(spec, one, place, identity=one["id"])
        fields |= {"_labels": list(labels)} if labels else {}
        document = {"_id": one["id"], "type": one["resourceType"], "ts": 0, "x": fields}
        world.append((one, labels, document))
    met = Counter()
    for _ in range(DECISIONS // 4 // 10):
        rules = policy(draw)
        who = caller(spec, place, rules)
        for one, labels, document in draw.sample(world, 10):
            code = draw.choice(tuple(LETTER))
            expected = judge(rules, code, one, labels)
            assert decided(spec, place, who, code, document) is expected, (rules, code, one, labels)
            met[expected] += 1
    assert min(met[one] for one in (None, True, False)) > DECISIONS // 4 // 20, met
