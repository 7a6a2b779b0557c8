"""What is decided: by type and letter, by scope, by level, by operation."""

from dataclasses import replace

import pytest

from fhir_server.access.caller import ANYONE_ON_LOOPBACK, Caller, Part, Reach
from fhir_server.access.decide import DEFINE, decide
from fhir_server.access.letters import INTERACTIONS, OPERATIONS, OWN, needed
from fhir_server.access.membership import TREATMENT
from fhir_server.fhir.errors import Forbidden
from fhir_server.interactions import table
from fhir_server.main import plugins
from fhir_server.operations import OPERATIONS as OURS
from fhir_server.search.condition import Everything, Nothing
from fhir_server.search.index import index_fields
from fhir_server.search.match import matches
from fhir_server.search.place import Place
from fhir_server.settings import Settings
from fhir_server.store.steps import REFER, RESULT

LEVELS = ("patient", "user")
READS, WRITES = ("read", "search-type"), ("create-result", "update", "patch-result", "delete")
MINE = Reach({"patient": Part(frozenset({"a"})), "user": Part(frozenset({"a"}))})


def reader(*scopes, reach=MINE):
    return Caller("x", scopes=scopes, reach=reach)


def reaches(spec, caller, interaction, type_, resource=None, **fields):
    """Say whether the decision holds for a resource, or for these index fields."""
    if resource:
        fields = index_fields(spec, resource, Place(types=spec.types), identity=resource["id"])
    condition = decide(caller, interaction, type_, spec, Place(types=spec.types))
    identity = resource["id"] if resource else "a"
    return matches(condition, {"_id": identity, "ts": 0, "x": fields})


def test_every_type_is_of_the_compartment_or_has_its_reason(spec):
    compartment = {*spec.compartment("Patient"), "Patient"}
    other = {one for one, treatment in TREATMENT.items() if treatment != "whole"}
    whole = set(TREATMENT) - other
    assert whole < compartment
    assert not compartment & other
    assert compartment | other == set(spec.types)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("interaction", [*READS, *WRITES])
def test_of_every_type_only_what_is_about_the_patient_is_reached(spec, level, interaction):
    caller = reader(f"{level}/*.cruds")
    for type_ in spec.types:
        treatment = TREATMENT.get(type_)
        mine = {"_patient": ["a"], "_references": ["Patient/a"]}
        about = reaches(spec, caller, interaction, type_, **mine)
        shared = treatment == "shared" and interaction in READS
        assert about is (treatment not in ("hidden", "shared") or shared), type_
        theirs = {"_patient": ["b"], "_references": ["Patient/b"]}
        if type_ != "Patient":
            assert reaches(spec, caller, interaction, type_, **theirs) is shared, type_
        assert reaches(spec, caller, interaction, type_) is (shared or type_ == "Patient"), type_


@pytest.mark.parametrize(
    ("interaction", "read", "write"), [("read", True, False), ("search-type", True, False)]
)
def test_what_names_others_too_is_read_but_not_written(spec, interaction, read, write):
    both = {"_patient": ["a", "b"]}
    caller = reader("patient/*.cruds")
    assert reaches(spec, caller, interaction, "Observation", **both) is read
    assert reaches(spec, caller, interaction, "Group", **both) is False
    for step in WRITES:
        assert reaches(spec, caller, step, "Observation", **both) is write


def test_a_link_to_a_patient_confers_nothing(spec):
    theirs = {
        "resourceType": "Patient",
        "id": "b",
        "link": [{"other": {"reference": "Patient/a"}, "type": "seealso"}],
    }
    mine = {**theirs, "id": "a", "link": [{"other": {"reference": "Patient/b"}, "type": "refer"}]}
    caller = reader("patient/Patient.cruds")
    assert not reaches(spec, caller, "read", "Patient", theirs)
    assert reaches(spec, caller, "read", "Patient", mine)
    assert not reaches(spec, caller, f"update{RESULT}", "Patient", mine)


def test_focus_confers_nothing(spec):
    theirs = {
        "resourceType": "Observation",
        "id": "o",
        "subject": {"reference": "Patient/b"},
        "focus": [{"reference": "Patient/a"}],
    }
    assert not reaches(spec, reader("patient/*.rs"), "read", "Observation", theirs)


def test_each_interaction_needs_its_letter_and_no_other(spec):
    for code, letter in INTERACTIONS.items():
        for given in "cruds":
            caller = reader(f"patient/Observation.{given}")
            if letter in ("", given):
                decide(caller, code, "Observation", spec, Place())
            else:
                with pytest.raises(Forbidden, match="in no scope"):
                    decide(caller, code, "Observation", spec, Place())


def test_a_refusal_says_insufficient_scope(spec):
    with pytest.raises(Forbidden) as refused:
        decide(reader("patient/Observation.rs"), "read", "Condition", spec, Place())
    told = dict(refused.value.headers)["WWW-Authenticate"]
    assert told == 'Bearer error="insufficient_scope"'


@pytest.mark.parametrize(
    ("scope", "code", "reached"),
    [
        ("category=laboratory", "laboratory", True),
        ("category=laboratory", "vital-signs", False),
        ("category=laboratory,vital-signs", "vital-signs", True),
        ("category=http://example.org/c|laboratory", "laboratory", True),
        ("category=http://example.org/other|laboratory", "laboratory", False),
        ("category=laboratory&status=amended", "laboratory", False),
        # It reads as a scope, but not as a search: it grants nothing.
        ("date=yesterday", "laboratory", False),
    ],
)
def test_a_granular_scope_reaches_what_meets_its_parameters(spec, scope, code, reached):
    resource = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/a"},
        "category": [{"coding": [{"system": "http://example.org/c", "code": code}]}],
    }
    caller = reader(f"patient/Observation.rs?{scope}")
    for interaction in READS:
        assert reaches(spec, caller, interaction, "Observation", resource) is reached


def test_levels_add_to_each_other_and_each_keeps_to_its_reach(spec):
    reach = Reach({"patient": Part(frozenset({"a"})), "user": Part(frozenset({"b"}))})
    caller = reader("patient/Observation.rs", "user/Observation.r", reach=reach)
    assert reaches(spec, caller, "read", "Observation", _patient=["a"])
    assert reaches(spec, caller, "read", "Observation", _patient=["b"])
    assert not reaches(spec, caller, "search-type", "Observation", _patient=["b"])


def test_a_scope_whose_level_reaches_nothing_reaches_nothing(spec):
    caller = reader("system/*.cruds")
    assert not reaches(spec, caller, "read", "Observation", _patient=["a"])
    everywhere = replace(caller, reach=Reach({"system": Part(None)}))
    assert reaches(spec, everywhere, "read", "Task")
    assert not reaches(spec, replace(caller, reach=None), "read", "Organization")


def test_rows_are_read_and_never_written(spec):
    rows = {"Encounter": Everything()}
    caller = reader("user/*.cruds", reach=Reach({"user": Part(frozenset(), rows)}))
    assert reaches(spec, caller, "search-type", "Encounter", _patient=["b"])
    assert not reaches(spec, caller, f"create{RESULT}", "Encounter", _patient=["b"])


def test_a_label_hides_until_it_is_cleared_but_not_from_who_writes_it(spec):
    caller = reader("patient/*.cruds")
    labelled = {"_patient": ["a"], "_labels": ["HIV", "PSY"]}
    for step in (*READS, "update", "delete", REFER):
        assert not reaches(spec, caller, step, "Observation", **labelled)
    assert reaches(spec, caller, f"create{RESULT}", "Observation", **labelled)
    for cleared, shown in (({"HIV"}, False), ({"HIV", "PSY"}, True)):
        cleared_ = replace(caller, reach=replace(MINE, cleared=frozenset(cleared)))
        assert reaches(spec, cleared_, "read", "Observation", **labelled) is shown


def test_what_is_referred_to_is_reached_whatever_its_type_in_scopes(spec):
    caller = reader("patient/Observation.c")
    assert reaches(spec, caller, REFER, "Patient")
    assert reaches(spec, caller, REFER, "Organization")
    assert not reaches(spec, caller, REFER, "Encounter", _patient=["b"])
    assert not reaches(spec, reader("openid"), REFER, "Patient")


def test_definitions_judge_for_everybody_and_nothing_else_does(spec):
    for type_ in spec.types:
        found = decide(reader(), DEFINE, type_, spec, Place())
        assert found == (Everything() if TREATMENT.get(type_) == "shared" else Nothing())


def test_every_interaction_and_operation_has_a_row():
    guests = [one for guest in plugins(Settings()) for one in guest.operations]
    names = {f"${one.name}" for one in (*OURS, *guests)}
    assert names | {"$explain"} <= set(OPERATIONS)
    routed = {row.code for row in table.build(()).rows}
    assert routed <= set(INTERACTIONS)


def test_an_operation_without_a_row_has_a_scope_of_its_own(spec):
    with pytest.raises(Forbidden):
        decide(reader("system/*.cruds", "system/$made"), "$made-up", None, spec, Place())
    assert decide(reader("system/$made-up"), "$made-up", None, spec, Place()) == Nothing()
    assert decide(ANYONE_ON_LOOPBACK, "$made-up", None, spec, Place()) == Everything()


@pytest.mark.parametrize("name", sorted(one for one, rights in OPERATIONS.items() if rights == OWN))
def test_an_operation_of_its_own_scope_needs_that_scope(spec, name):
    assert needed(name) == OWN
    for scopes in (["system/*.cruds"], ["user/*.cruds", "patient/*.cruds"], ["system/$other"]):
        with pytest.raises(Forbidden):
            decide(reader(*scopes), name, "Patient", spec, Place())
    caller = reader(f"system/{name}")
    assert decide(caller, name, "Patient", spec, Place()) == Everything()
    with pytest.raises(Forbidden):
        decide(caller, "read", "Patient", spec, Place())


def test_of_the_whole_system_nothing_is_reached_by_itself(spec):
    assert decide(reader("system/*.rs"), "search-system", None, spec, Place()) == Nothing()
    with pytest.raises(Forbidden):
        decide(reader("system/*.r"), "search-system", None, spec, Place())
    with pytest.raises(Forbidden):
        decide(reader("openid"), "batch", None, spec, Place())
