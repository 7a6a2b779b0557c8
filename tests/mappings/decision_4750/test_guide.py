from pathlib import Path

import mappings.decision_4750 as package
from mappings.decision_4750.guide import BEGIN, END, field_tables
from mappings.decision_4750.tables import MAPPED, SHAPES, fields

README = (Path(package.__file__).parent / "README.md").read_text("utf-8")


def test_the_readme_has_the_tables_of_tables_csv():
    assert README.partition(BEGIN)[2].partition(END)[0].strip() == field_tables()


def test_every_field_of_the_mapped_tables_is_named_in_the_readme():
    for kind in MAPPED:
        told = field_tables().partition(f"### {kind}\n")[2].partition("\n### ")[0]
        for field in fields():
            assert field.table != kind or f"`{field.name}`" in told


def test_tables_that_are_not_mapped_are_named_in_the_readme():
    assert all(kind in README for kind in SHAPES)
