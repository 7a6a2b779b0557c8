"""The page of the certificate tells its elements, rules and lists as the definitions do."""

import pytest

from extensions.judicial_record.certificate.disclosure import TABLE
from fhir_server.fhir.json import parse
from tests.extensions.judicial_record.certificates import ELEMENTS, FOLDER, LEGAL, ROOT, TYPE

PAGE = (ROOT / "docs" / "judicial-record-certificate.md").read_text("utf-8")
TREES = ("subjectSnapshot", "conviction", "prohibition")


def row(element):
    """Give the line of an element: name and flags, cardinality, type, codes, forms, both texts."""
    path = element["path"].removeprefix(f"{TYPE}.")
    flags = " ?!" * element.get("isModifier", False) + " Σ" * element.get("isSummary", False)
    cells = (
        f"`{path}`{flags}",
        f"{element['min']}..{element['max']}",
        types(element),
        codes(element.get("binding")),
        forms(path),
        element["short"].replace(" | ", ", "),
        vietnamese(element).replace(" | ", ", "),
    )
    return f"| {' | '.join(cells)} |"


def types(element):
    [type_] = element["type"]
    targets = [one.rpartition("/")[2] for one in type_.get("targetProfile", ())]
    return f"Reference({', '.join(targets)})" if targets else type_["code"]


def codes(binding):
    if binding is None:
        return ""
    name = binding["valueSet"].rpartition("/")[2].partition("|")[0]
    return f"{name} ({binding['strength']})"


def forms(path):
    """Say which forms may show an element: both, or form No. 2 alone."""
    tree = TABLE["form-1"]
    if path.partition(".")[0] not in TREES or path.endswith(".sequence"):
        return "1, 2"
    for step in path.split("."):
        if isinstance(tree, str):
            return "1, 2"
        if step not in tree:
            return "2"
        tree = tree[step]
    return "1, 2"


def vietnamese(element):
    [translation] = element["_short"]["extension"]
    return translation["extension"][1]["valueString"]


@pytest.mark.parametrize("element", ELEMENTS[1:], ids=lambda one: one["path"])
def test_the_page_has_the_line_of_every_element(element):
    assert row(element) in PAGE, row(element)


@pytest.mark.parametrize("rule", ELEMENTS[0]["constraint"], ids=lambda one: one["key"])
def test_the_page_has_the_line_of_every_rule(rule):
    line = f"| {rule['key']} | {rule['human']} |"
    assert line in PAGE, line


def test_the_page_has_the_line_of_every_list():
    lost = []
    for path in sorted(FOLDER.glob("CodeSystem-*.json")):
        system = parse(path.read_bytes())
        if system.get("valueSet", "").startswith(LEGAL):
            line = f"| [{system['id']}](../{path.relative_to(ROOT)}) | {system['title']} |"
            lost += [line] if line not in PAGE else []
    assert not lost, "\n".join(lost)
