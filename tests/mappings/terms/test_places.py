import pytest

from mappings.terms.identifiers import HL7_VIETNAM
from mappings.terms.places import address, communes, provinces


def test_there_are_34_provinces_and_3321_communes():
    assert (len(provinces()), len(communes())) == (34, 3321)


def test_a_known_place_has_names_and_codes():
    found = address("Số 1", ("01", "", "00004"), HL7_VIETNAM, "202509010815")
    assert (found["text"], found["state"], found["city"]) == (
        "Số 1",
        "Thành phố Hà Nội",
        "Phường Ba Đình",
    )
    said = [
        (one["url"].rsplit("/", 1)[1], one["valueCoding"]["code"]) for one in found["extension"]
    ]
    assert said == [("vn-ext-province", "01"), ("vn-ext-ward", "00004")]


def test_an_old_code_is_kept_without_a_name():
    found = address("", ("02", "", "99999"), HL7_VIETNAM, "20250701")
    assert "state" not in found
    assert "city" not in found
    assert [one["valueCoding"]["code"] for one in found["extension"]] == ["02", "99999"]
    assert all("display" not in one["valueCoding"] for one in found["extension"])


@pytest.mark.parametrize(
    ("day", "district"), [("20250630", "280"), ("20250801", "280"), ("20250630", "")]
)
def test_an_old_code_that_now_means_another_place_has_no_name(day, district):
    # Province 24 was Bắc Giang, and is Bắc Ninh now.
    found = address("", ("24", district, "00004"), HL7_VIETNAM, day)
    assert not {"state", "city"} & found.keys()
    levels = [one["url"].rpartition("-")[2] for one in found["extension"]]
    assert levels == (["province", "district", "ward"] if district else ["province", "ward"])
    assert not any({"display", "version"} & one["valueCoding"].keys() for one in found["extension"])


def test_text_alone_is_an_address():
    found = address("Số 1", ("", "", ""), HL7_VIETNAM, "20250901")
    assert found == {"use": "home", "text": "Số 1", "country": "VN"}
