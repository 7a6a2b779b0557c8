"""FHIRPath by section of its specification.

sections.txt has a row for each: expression, what it gives as text ('' is empty).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fhirpath.language.conftest import OBSERVATION


def rows() -> Iterator[tuple[str, str, str]]:
    """Give (section, expression, what it gives) of each row."""
    section = ""
    for line in Path(__file__).with_name("sections.txt").read_text().split("\n"):
        if line.startswith("# "):
            section = line[2:]
        elif line:
            expression, _, expected = line.rpartition(" |")
            yield section, expression.strip(), expected.strip()


ROWS = list(rows())


@pytest.mark.parametrize(("section", "expression", "expected"), ROWS)
def test_an_expression_gives_what_its_section_says(says, section, expression, expected):
    assert says(expression) == expected


OF_AN_OBSERVATION = [
    ("value.value", "65.50"),
    ("value", "65.50 'kg'"),
    ("value > 65 'kg'", "true"),
    ("value < 70000 'g'", "true"),
    ("value + 500 'g'", "66.00 'kg'"),
    ("value.value + 0.5", "66.00"),
    ("Observation.value is Quantity", "true"),
    ("value is System.Quantity", "false"),
    ("(value as Quantity).unit", "kg"),
    ("valueQuantity", ""),
    ("effective < now()", "true"),
    ("effective = @2026-11-28T02:15:00Z", "true"),
    ("code.coding.where(system = %loinc).code", "29463-7"),
]


@pytest.mark.parametrize(("expression", "expected"), OF_AN_OBSERVATION)
def test_a_quantity_of_fhir_is_one_of_fhirpath(says, expression, expected):
    assert says(expression, OBSERVATION) == expected
