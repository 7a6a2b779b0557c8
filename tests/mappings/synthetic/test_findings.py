"""Findings follow the diseases: high when untreated, in range when there is none."""

import re
from random import Random
from statistics import mean

from mappings.synthetic.catalogue import diagnoses, services
from mappings.synthetic.findings import findings, vital_signs

DIABETES, PRESSURE = diagnoses()["E11.9"], diagnoses()["I10"]


def values(service, diseases, progress=0.0, sex="1"):
    rng = Random(1)
    return [findings(rng, services()[service], sex, diseases, progress)[0] for _ in range(200)]


def test_the_healthy_are_in_range():
    assert all(3.9 <= float(one.value) <= 6.4 for one in values("glucose", ()))
    assert not any(one.conclusion for one in values("glucose", ()))


def test_treatment_lowers_sugar():
    untreated, treated = (
        mean(float(one.value) for one in values("hba1c", (DIABETES,), progress))
        for progress in (0.0, 1.0)
    )
    assert untreated > treated + 1.5


def test_the_abnormal_is_said_with_its_range():
    one = next(one for one in values("hba1c", (DIABETES,)) if float(one.value) > 6)
    assert one.conclusion == "HbA1c tăng"
    assert one.text == "Khoảng tham chiếu: 4 - 6 %"
    assert one.unit == "%"


def test_what_the_method_cannot_tell_is_below_its_limit():
    assert {one.value for one in values("crp", ())} == {"<5"}


def test_women_have_their_own_range():
    assert values("creatinine", (), sex="2")[0].text == "Khoảng tham chiếu: 44 - 80 µmol/L"


def test_a_text_result_is_negative_without_the_disease():
    dengue = diagnoses()["A97.0"]
    assert {one.value for one in values("dengue", ())} == {"Âm tính"}
    assert {one.value for one in values("dengue", (dengue,))} == {"Dương tính"}


def test_a_reader_describes_what_the_disease_shows():
    pneumonia = diagnoses()["J18.9"]
    assert values("chest_xray", ())[0].conclusion == "Không thấy bất thường"
    assert "viêm phổi" in values("chest_xray", (pneumonia,))[0].conclusion


def test_vital_signs_have_the_decree_s_form():
    signs = vital_signs(Random(1), 40, (), 0)
    assert re.fullmatch(r"M\d+_T\d\d\.\d_HA\d+/\d+_NT\d+_SP\d+", signs)


def test_children_are_measured_without_pressure_and_beat_faster():
    signs = vital_signs(Random(1), 3, (), 0)
    assert "HA" not in signs
    assert int(re.match(r"M(\d+)", signs)[1]) > 90


def test_pressure_falls_under_treatment():
    def systolic(progress):
        rng = Random(2)
        found = [vital_signs(rng, 60, (PRESSURE,), progress) for _ in range(50)]
        return mean(int(re.search(r"HA(\d+)", one)[1]) for one in found)

    assert systolic(0) > systolic(1) + 15


def test_days_in_bed_bring_a_fever_down():
    pneumonia = (diagnoses()["J18.9"],)

    def fever(better):
        return float(re.search(r"T([\d.]+)", vital_signs(Random(3), 50, pneumonia, 0, better))[1])

    assert fever(0) > fever(0.9)
