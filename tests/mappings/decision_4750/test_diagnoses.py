from tests.mappings.decision_4750.hospital import mapped, resources


def told(visit):
    return [
        (one["code"].get("coding", [{}])[0].get("code"), one["code"].get("text"))
        for one in resources(visit, "Condition")
    ]


def test_each_code_gets_its_part_of_the_text_when_there_are_as_many():
    found = mapped({
        "MA_BENH_KT": "I10;E78.5",
        "CHAN_DOAN_RV": "Đái tháo đường; Tăng huyết áp; Rối loạn lipid",
    })  # fmt: skip
    assert told(found) == [
        (None, "Mệt"),
        ("E11.9", "Đái tháo đường"),
        ("I10", "Tăng huyết áp"),
        ("E78.5", "Rối loạn lipid"),
    ]
    whole = resources(found, "Condition")[1]["note"][0]["text"]
    assert whole == "Đái tháo đường; Tăng huyết áp; Rối loạn lipid"


def test_otherwise_the_main_code_has_the_whole_text():
    found = mapped({"MA_BENH_KT": "I10;E78.5", "CHAN_DOAN_RV": "Đái tháo đường; Tăng huyết áp"})
    assert told(found)[1:] == [
        ("E11.9", "Đái tháo đường; Tăng huyết áp"),
        ("I10", None),
        ("E78.5", None),
    ]


def test_a_code_named_twice_is_one_condition():
    found = mapped({"MA_BENH_KT": "E11.9;I10;I10"})
    assert [code for code, _ in told(found)] == [None, "E11.9", "I10"]


def test_without_codes_the_text_is_a_condition():
    assert told(mapped({"MA_BENH_CHINH": ""}))[1:] == [(None, "Đái tháo đường típ 2")]


def test_traditional_medicine_has_codes_of_its_own():
    found = resources(mapped({"MA_BENH_YHCT": "U50.1;U62.2"}), "Condition")
    systems = [one["code"]["coding"][0]["system"] for one in found if "coding" in one["code"]]
    assert [system.rsplit("/", 1)[1] for system in systems] == [
        "icd-10",
        "vn-traditional-disease-cs",
        "vn-traditional-disease-cs",
    ]


def test_the_encounter_ranks_reception_then_discharge():
    (encounter,) = resources(mapped({"MA_BENH_KT": "I10"}), "Encounter")
    said = [(one["use"]["coding"][0]["code"], one.get("rank")) for one in encounter["diagnosis"]]
    assert said == [("AD", None), ("DD", 1), ("DD", 2)]


def test_reception_is_provisional_and_discharge_confirmed():
    found = resources(mapped(), "Condition")
    said = [one["verificationStatus"]["coding"][0]["code"] for one in found]
    assert said == ["provisional", "confirmed"]
