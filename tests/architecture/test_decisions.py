"""Who decides: access is given in few places, each named here with its reason."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Where a Condition that holds for all is made. The search rooms make it of what was asked, never
# as a decision; elsewhere it is the neutral part of a conjunction, or the server's own reading.
EVERYTHING = {
    "fhir_server/access/decide.py",
    "fhir_server/access/membership.py",
    # What a consent's provision holds for, and which facility's resources a client may change.
    "fhir_server/access/facilities.py",
    "fhir_server/access/withheld.py",
    "fhir_server/store/reads.py",
    "fhir_server/store/store.py",
    "fhir_server/interactions/across.py",
    "fhir_server/interactions/merging.py",
    "fhir_server/interactions/search_system.py",
    # The notice of a broken glass is the server's own, before there is a right to anything.
    "fhir_server/operations/break_glass.py",
    "fhir_server/operations/everything.py",
    # The job that builds the index of stored parameters reads for no caller.
    "fhir_server/operations/search_parameters.py",
    "mappings/submission/patients.py",
    # Registers and definitions are for everybody who is let in at all; and what the office does by
    # itself, after each operation has looked at who asks.
    "extensions/judicial_record/reaching.py",
}
# Who may everything: `--auth none`, what is decided of it, and what is not looked up for it.
UNRESTRICTED = {
    "fhir_server/access/caller.py",
    "fhir_server/access/decide.py",
    "fhir_server/interactions/audit.py",
    "fhir_server/interactions/authority.py",
    "fhir_server/operations/access_log.py",
    "mappings/submission/facility.py",
    # Finds the id of the one Patient with a citizen's number, whatever consents withhold.
    "fhir_server/pages/citizens.py",
}
ANYONE = {"fhir_server/access/caller.py", "fhir_server/base.py", "fhir_server/main/health.py"}


def sources():
    for folder in ("fhir_server", "mappings", "extensions"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def files(holds):
    """Give the files with a node for which `holds`."""
    found = set()
    for path in sources():
        tree = ast.parse(path.read_text("utf-8"))
        if any(holds(node) for node in ast.walk(tree)):
            found.add(path.relative_to(ROOT).as_posix())
    return found


def called(name):
    return lambda node: (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    )


def test_a_condition_that_holds_for_all_is_made_in_few_places():
    made = {one for one in files(called("Everything")) if "/search/" not in one}
    assert made == EVERYTHING


def test_who_is_unrestricted_is_asked_in_few_places():
    asked = files(
        lambda node: (
            (isinstance(node, ast.Attribute) and node.attr == "unrestricted")
            or (isinstance(node, ast.keyword) and node.arg == "unrestricted")
        )
    )
    assert asked == UNRESTRICTED


def test_anyone_is_let_in_by_few_files():
    named = files(lambda node: isinstance(node, ast.Name) and node.id == "ANYONE_ON_LOOPBACK")
    assert named <= ANYONE | {"fhir_server/cli/indexes.py"}


def test_documents_are_read_by_the_store_alone():
    drivers = {"find", "find_one", "aggregate", "find_one_and_update"}
    asked = files(
        lambda node: (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in drivers
            and "database" in ast.unparse(node.func.value)
        )
    )
    assert all(one.startswith("fhir_server/store/") for one in asked)
