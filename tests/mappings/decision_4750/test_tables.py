import pytest

from mappings.decision_4750.tables import MAPPED, SHAPES, fields, layout


def test_every_table_that_is_sent_has_a_shape_and_fields():
    assert {field.table for field in fields()} - {"XML0", "XML12"} == set(SHAPES)
    assert set(MAPPED) <= set(SHAPES)


@pytest.mark.parametrize(("kind", "count"), [("XML1", 66), ("XML2", 39), ("XML3", 47)])
def test_a_table_has_the_decrees_number_of_fields_on_any_day(kind, count):
    for day in ("20240101", "20250701", "20260701"):
        names = {field.name for field in layout(kind, day).by_tag.values()}
        assert len(names) == count


def test_the_larger_of_the_decrees_and_the_portals_lengths_counts():
    assert layout("XML13", "20250901").by_tag["GIAY_CHUYEN_TUYEN"].longest == 100
    assert layout("XML2", "20250901").by_tag["MA_KHOA"].longest == 50


def test_the_district_is_no_condition_since_districts_ended():
    def asked(day):
        return layout("XML1", day).by_tag["MAHUYEN_CU_TRU"].required

    assert (asked("20250630"), asked("20250701")) == ("conditional", "")


def test_fields_kept_raw_are_not_asked_for():
    assert "NAM_QT" not in [field.name for field in layout("XML1", "20250901").wanted]
