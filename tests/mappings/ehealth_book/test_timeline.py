"""The timeline, from small pages made by hand."""

import pytest

from fhir_server.fhir import json
from mappings.ehealth_book import lines
from mappings.ehealth_book.results import observation, outside
from mappings.ehealth_book.sections import CODE_SYSTEM
from mappings.ehealth_book.timeline import older_page, plain, timeline
from mappings.ehealth_book.words import clean, date, period
from tests.mappings.ehealth_book import people


def section(code, *keys, inner=()):
    return {
        "code": {"coding": [{"system": CODE_SYSTEM, "code": code}]},
        "entry": [{"reference": key} for key in keys],
        "section": list(inner),
    }


def bundle(sections, *resources, **more):
    composition = {"resourceType": "Composition", "section": sections, **more}
    entries = [{"fullUrl": "urn:uuid:0", "resource": composition}]
    for one in resources:
        url = f"http://test.invalid/fhir/{one['resourceType']}/{one['id']}"
        entries.append({"fullUrl": url, "resource": one})
    return json.parse(json.dump({"resourceType": "Bundle", "entry": entries}))


def amount(value, unit="mmol/L", **more):
    return {"value": value, "unit": unit, **more}


def one_visit(section_code, *resources):
    keys = [f"{one['resourceType']}/{one['id']}" for one in resources]
    encounter = people.encounter("e1", period={"start": "2026-03-12T07:30:00+07:00"})
    visit = section("visit", "Encounter/e1", inner=[section(section_code, *keys)])
    return bundle([section("visits", inner=[visit])], encounter, *resources)


def test_the_persons_block_comes_first_with_what_the_numbers_are_called():
    patient = people.person("p1", telecom=[{"system": "phone", "value": "0900000000"}])
    page = bundle(
        [section("administrative", "Patient/p1", "Coverage/k1")], patient, people.card("k1")
    )
    assert plain(timeline(page)).splitlines() == [
        "Nguyễn Thị Bưởi · Nữ · sinh 28/02/1990",
        "  Số định danh: 099190000001",
        "  Điện thoại: 0900000000",
        "  Thẻ HC4990000000001 · Bảo hiểm xã hội Việt Nam",
        "  Chưa có đợt khám bệnh, chữa bệnh nào.",
    ]


def test_later_pages_show_visits_only():
    page = bundle([section("administrative", "Patient/p1")], people.person("p1"))
    assert timeline(page, first=False) == []


def test_a_result_outside_its_range_is_marked_and_one_inside_is_not():
    limits = [{"low": amount(3.9), "high": amount(6.4)}]
    high = people.result("r1", "e1", valueQuantity=amount(9.80), referenceRange=limits)
    inside = people.result("r2", "e1", valueQuantity=amount(5), referenceRange=limits)
    for one in (high, inside):
        del one["valueString"]
    marked, calm = timeline(one_visit("results", high, inside))[-2:]
    assert (marked.text, marked.style) == ("Glucose: 9.8 mmol/L ▲ (3.9-6.4)", "alert")
    assert (calm.text, calm.style) == ("Glucose: 5 mmol/L (3.9-6.4)", "plain")


@pytest.mark.parametrize(
    ("value", "limits", "side"),
    [
        (amount(3), [{"low": amount(4)}], "▼"),
        (amount(4), [{"low": amount(4)}], ""),
        (amount(4, comparator="<"), [{"low": amount(4)}], "▼"),
        (amount(5, comparator="<"), [{"low": amount(4)}], ""),
        (amount(6, comparator=">"), [{"high": amount(6)}], "▲"),
        (amount(6, comparator=">="), [{"high": amount(6)}], ""),
        (amount(9, comparator="<"), [{"high": amount(6)}], ""),
        (amount(9, "mg/dL"), [{"high": amount(6)}], ""),
        (amount(9), [{"high": amount(6)}, {"high": amount(10)}], ""),
        (amount(9), [{"text": "< 6"}], ""),
        (amount(9), [], ""),
        ({"unit": "mmol/L"}, [{"high": amount(6)}], ""),
    ],
)
def test_a_mark_is_made_only_where_the_numbers_are_certain(value, limits, side):
    assert outside({"valueQuantity": value, "referenceRange": limits}) == side


@pytest.mark.parametrize(("code", "side"), [("H", "▲"), ("LL", "▼"), ("A", "!"), ("N", "")])
def test_what_the_laboratory_said_comes_first(code, side):
    told = [{"coding": [{"code": code}]}]
    limits = [{"high": amount(1)}]
    resource = {"valueQuantity": amount(5), "referenceRange": limits, "interpretation": told}
    assert outside(resource) == side


def test_blood_pressure_is_one_pair():
    component = [
        {"code": {"text": "Tâm thu"}, "valueQuantity": amount(120, "mmHg")},
        {"code": {"text": "Tâm trương"}, "valueQuantity": amount(70, "mmHg")},
    ]
    assert observation({"code": {"text": "Huyết áp"}, "component": component}, {}) == (
        "Huyết áp: 120/70 mmHg"
    )


def test_vital_signs_without_a_time_share_a_line_and_results_stand_under_their_report():
    vital = [{"coding": [{"code": "vital-signs"}]}]
    pulse = people.result("v1", "e1", category=vital, code={"text": "Mạch"}, valueString="75")
    warmth = people.result("v2", "e1", category=vital, code={"text": "Nhiệt độ"}, valueString="37")
    report = people.of_visit(
        "DiagnosticReport",
        "d1",
        "e1",
        status="final",
        code={"text": "Sinh hóa máu"},
        result=[{"reference": "Observation/r1"}],
    )
    page = one_visit("results", report, people.result("r1", "e1"), pulse, warmth)
    assert plain(timeline(page)).splitlines()[-4:] == [
        "  Kết quả",
        "    Mạch: 75 · Nhiệt độ: 37",
        "    Sinh hóa máu",
        "      Glucose: 6.1",
    ]


def test_an_order_that_was_carried_out_is_not_shown_beside_its_procedure():
    order = people.of_visit("ServiceRequest", "s1", "e1", code={"text": "Chỉ định siêu âm"})
    waiting = people.of_visit("ServiceRequest", "s2", "e1", code={"text": "Chỉ định X-quang"})
    based = [{"reference": "ServiceRequest/s1"}]
    done = people.of_visit("Procedure", "x1", "e1", code={"text": "Siêu âm"}, basedOn=based)
    told = plain(timeline(one_visit("procedures", order, waiting, done)))
    assert "Chỉ định siêu âm" not in told
    assert "Chỉ định X-quang" in told
    assert "Siêu âm" in told


def test_a_referral_says_where_to_and_a_follow_up_when():
    *_, referral, appointment = people.visit(1)
    told = timeline(one_visit("referrals", {**referral, "performer": [{"display": "99002"}]}))
    assert told[-1].text == "→ Cơ sở 99002"
    told = timeline(one_visit("follow-ups", appointment))
    assert (told[-1].text, told[-1].style) == ("⏰ 01/04/2026", "follow-up")


def test_a_diagnosis_shows_its_icd_code_and_whether_it_was_made_on_arrival():
    condition, encounter, *_ = people.visit(1)
    encounter["diagnosis"][0]["use"] = {"coding": [{"code": "AD"}]}
    assert lines.diagnosis(condition, encounter, {}) == "E11.9 Đái tháo đường (lúc vào)"


def test_text_that_would_drive_a_terminal_is_made_harmless():
    assert clean("a\x1b[31m\r\nb\u202ec\u009b") == "a [31m b c"
    page = one_visit("results", people.result("r1", "e1", valueString="x\x1b]0;owned\x07y"))
    assert all(line.text.isprintable() for line in timeline(page))


def test_very_long_notes_are_cut():
    note = people.of_visit("ClinicalImpression", "n1", "e1", summary="dài " * 1000)
    assert len(timeline(one_visit("notes", note))[-1].text) < 500


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-12T07:30:00+07:00", "12/03/2026 07:30"),
        ("2026-03-12T00:30:00.5Z", "12/03/2026 07:30"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("2026-03-12", "12/03/2026"),
        ("2026-03", "03/2026"),
        ("2026", "2026"),
        (None, ""),
    ],
)
def test_dates_are_read_as_in_viet_nam(text, shown):
    assert date(text) == shown


def test_the_day_of_the_end_is_not_said_twice():
    start, end = "2026-03-12T07:30:00+07:00", "2026-03-12T09:00:00+07:00"
    assert period({"start": start, "end": end}) == "12/03/2026 07:30 → 09:00"
    assert period({"start": start, "end": "2026-03-13"}) == "12/03/2026 07:30 → 13/03/2026"
    assert period(None) == ""


@pytest.mark.parametrize("kind", sorted(lines.LINES))
def test_a_resource_that_says_nothing_still_has_a_line(kind):
    assert lines.line({"resourceType": kind, "id": "1"}, {})


def test_a_page_without_older_visits_leads_nowhere():
    assert older_page(bundle([])) is None
    relation = {"code": "appends", "targetIdentifier": {"value": "http://test.invalid/next"}}
    assert older_page(bundle([], relatesTo=[relation])) == "http://test.invalid/next"


def sign(id_, time, name, value, *, code="8867-4", kind="vital-signs"):
    return people.result(
        id_,
        "e1",
        category=[{"coding": [{"code": kind}]}],
        code={"coding": [{"system": "http://loinc.org", "code": code}], "text": name},
        effectiveDateTime=f"2026-03-12T{time}:00+07:00",
        valueString=value,
    )


def test_vital_signs_have_a_line_for_each_time_in_the_order_of_a_chart():
    page = one_visit(
        "results",
        sign("a", "07:35", "Huyết áp", "120/70", code="85354-9"),
        sign("b", "07:35", "Chế độ hộ lý", "Cấp 2", code="0", kind="exam"),
        sign("c", "07:35", "Mạch", "75"),
        sign("d", "19:00", "Mạch", "80"),
    )
    assert plain(timeline(page)).splitlines()[-2:] == [
        "    12/03/2026 07:35 · Mạch: 75 · Huyết áp: 120/70 · Chế độ hộ lý: Cấp 2",
        "    12/03/2026 19:00 · Mạch: 80",
    ]


def test_a_blood_group_is_said_where_it_is_new():
    def group(number, value):
        id_ = f"b{number}"
        return sign(id_, "07:30", "Nhóm máu", value, code="882-1", kind="laboratory")

    groups = [group(number, value) for number, value in enumerate(["B+", "B+", "O+"])]
    visits = [
        section("visit", f"Encounter/e{n}", inner=[section("results", f"Observation/b{n}")])
        for n in range(3)
    ]
    encounters = [people.encounter(f"e{n}") for n in range(3)]
    told = plain(timeline(bundle([section("visits", inner=visits)], *encounters, *groups)))
    assert [line.strip() for line in told.splitlines() if "Nhóm" in line] == [
        "Nhóm máu: B+",
        "Nhóm máu: O+",
    ]


def test_a_procedure_is_not_shown_beside_the_report_of_its_results():
    based = [{"reference": "ServiceRequest/s1"}]
    report = people.of_visit("DiagnosticReport", "d1", "e1", code={"text": "Máu"}, basedOn=based)
    taken = people.of_visit("Procedure", "x1", "e1", code={"text": "Lấy máu"}, basedOn=based)
    other = people.of_visit("Procedure", "x2", "e1", code={"text": "Khâu"})
    assert "Lấy máu" not in plain(timeline(one_visit("results", report, taken, other)))
    assert "Khâu" in plain(timeline(one_visit("results", report, taken, other)))


def test_a_note_is_told_without_the_signs_that_are_told_as_results():
    note = people.of_visit("ClinicalImpression", "n1", "e1", summary="Tỉnh. CSST<M75_T37>")
    assert timeline(one_visit("notes", note))[-1].text == "Tỉnh."


def test_a_slip_that_was_used_says_so_and_no_longer_reminds():
    *_, appointment = people.visit(1)
    told = timeline(one_visit("follow-ups", appointment | {"status": "fulfilled"}))
    assert told[-1].text == "01/04/2026 · đã đến khám"


def test_the_persons_block_says_who_they_are_and_where_registered():
    patient = people.person(
        "p1",
        identifier=[],
        extension=[
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-nationality",
                "extension": [{"url": "code", "valueCodeableConcept": {"text": "Việt Nam"}}],
            },
            {"url": "http://x.invalid/vn-ext-ethnicity", "valueCodeableConcept": {"text": "Kinh"}},
            {"url": "http://x.invalid/other", "valueString": "?"},
        ],
        generalPractitioner=[{"reference": "Organization/o1"}],
    )
    home = {"resourceType": "Organization", "id": "o1", "identifier": [{"value": "99001"}]}
    page = bundle([section("administrative", "Patient/p1")], patient, home)
    assert [line.text for line in timeline(page)[1:4]] == [
        "Quốc tịch: Việt Nam",
        "Dân tộc: Kinh",
        "Nơi đăng ký khám chữa bệnh ban đầu: Cơ sở 99001",
    ]
