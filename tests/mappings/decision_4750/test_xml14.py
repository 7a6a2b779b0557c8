import pytest

from mappings.decision_4750.visit import Refused
from tests.mappings.decision_4750.hospital import SLIP, errors, mapped, resources


def test_a_slip_with_a_time_is_booked():
    (found,) = resources(mapped(XML14=[SLIP]), "Appointment")
    assert found["status"] == "booked"
    assert found["start"] == found["end"] == "2025-09-29T08:00:00+07:00"
    assert found["identifier"][0]["system"].endswith("/sid/so-giay-hen/99001")
    assert found["created"] == "2025-09-01"


def test_a_slip_with_a_day_is_proposed():
    (found,) = resources(mapped(XML14=[SLIP | {"NGAY_HEN_KL": "20250929"}]), "Appointment")
    assert found["status"] == "proposed"
    assert found["requestedPeriod"] == [{"start": "2025-09-29", "end": "2025-09-29"}]
    assert "start" not in found


def test_days_the_slip_covers_are_not_repeated():
    visit = mapped({"NGAY_TAI_KHAM": "20250929;20251020;20251020"}, XML14=[SLIP])
    assert [draft.key for draft in visit.drafts if draft.key.startswith("Appointment")] == [
        "Appointment/XML14",
        "Appointment/20251020",
    ]


def test_the_patient_the_doctor_and_the_place_take_part():
    (found,) = resources(mapped(XML14=[SLIP]), "Appointment")
    kinds = ["type" in one["actor"] for one in found["participant"]]
    assert kinds == [False, False, True]


@pytest.mark.parametrize("time", ["2025092908", "20250931", "2025-09-29"])
def test_a_time_that_is_none_refuses_the_visit(time):
    found = mapped(XML14=[SLIP | {"NGAY_HEN_KL": time}])
    assert isinstance(found, Refused)
    assert errors(found) == ["XML14.NGAY_HEN_KL"]
