"""Vietnamese names, stored and asked for over HTTP in every way people write them."""

import unicodedata
from urllib.parse import quote

import pytest

from tests.client import health

BUOI = {"text": "Nguyễn Thị Bưởi", "family": "Nguyễn", "given": ["Thị", "Bưởi"]}
DUC = {"text": "Đặng Đình Đức", "family": "Đặng", "given": ["Đình", "Đức"]}
NAMED = ("Patient", "Practitioner", "RelatedPerson", "Person")
SPLIT = ("Patient", "Practitioner")


@pytest.fixture
async def fhir(store, spec):
    """Give a base where a relative's patient may be anybody."""
    async with health(store, spec, referential_integrity=False) as client:
        yield client


async def named(fhir, identity, *names, type_="Patient"):
    who = {"resourceType": type_, "id": identity, "name": list(names)}
    if type_ == "RelatedPerson":
        who["patient"] = {"reference": "Patient/99"}
    put = await fhir.put(f"{type_}/{identity}", who)
    assert put.status_code == 201, put.text


async def found(fhir, parameter, value, type_="Patient"):
    answer = await fhir.get(f"{type_}?{parameter}={quote(value)}")
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["id"] for entry in answer.json().get("entry", [])]


@pytest.mark.parametrize("type_", NAMED)
async def test_everybody_with_a_name_is_found_by_it(fhir, type_):
    await named(fhir, "1", BUOI, type_=type_)
    await named(fhir, "2", DUC, type_=type_)
    for parameter in ("name", "phonetic"):
        assert await found(fhir, parameter, "nguyen thi buoi", type_) == ["1"]
        assert await found(fhir, parameter, "đình", type_) == ["2"]
        assert await found(fhir, parameter, "nguyen dinh", type_) == []


@pytest.mark.parametrize("type_", SPLIT)
async def test_family_and_given_names_are_told_apart(fhir, type_):
    await named(fhir, "1", BUOI, type_=type_)
    await named(fhir, "2", {"family": "Bưởi", "given": ["Nguyễn"]}, type_=type_)
    assert await found(fhir, "family", "nguyen", type_) == ["1"]
    assert await found(fhir, "given", "NGUYỄN", type_) == ["2"]
    assert await found(fhir, "family", "thi", type_) == []


@pytest.mark.parametrize(
    "typed",
    [
        "Nguyễn Thị Bưởi",
        "nguyen thi buoi",
        "NGUYEN THI BUOI",
        "NGUYỄN THỊ BƯỞI",
        "nguyễn thi Buoi",
        "  nguyễn   thị\tbưởi ",
        "Nguyễn-Thị, Bưởi".replace(",", "\\,"),
        "nguyễn\u00a0thị bưởi",
        "nguy",
        "nguyen t",
        "Thị Bưởi",
        "thi bu",
        "buoi",
        "B",
    ],
)
async def test_a_name_is_found_however_it_is_typed(fhir, typed):
    await named(fhir, "1", BUOI)
    await named(fhir, "2", DUC)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert await found(fhir, "name", unicodedata.normalize(form, typed)) == ["1"], form


async def test_what_no_word_of_a_name_begins_with_is_not_found(fhir):
    await named(fhir, "1", BUOI)
    for typed in ("uoi", "buoi thi", "nguyen buoi", "nguyenthibuoi", "buoii"):
        assert await found(fhir, "name", typed) == [], typed


@pytest.mark.parametrize("form", ["NFC", "NFD"])
async def test_it_does_not_matter_how_the_letters_were_composed_when_stored(fhir, form):
    kept = unicodedata.normalize(form, "Đặng Thuỳ Trâm")
    await named(fhir, "1", {"text": kept})
    for typed in ("Đặng Thuỳ Trâm", "dang thuy tram", "đặng thùy trâm"):
        assert await found(fhir, "name", typed) == ["1"], typed
    stored = (await fhir.get("Patient/1")).json()
    assert stored["name"][0]["text"] == kept


# U+00D0 looks like Đ, and stands for it in texts that came through an old Western code page.
@pytest.mark.parametrize("letter", ["Đ", "đ", "D", "d", "\u00d0", "\u00f0"])
async def test_d_with_a_stroke_is_found_as_d_and_the_other_way(fhir, letter):
    await named(fhir, "1", {"text": f"{letter}oàn Văn Hậu"})
    for typed in ("Đoàn", "đoàn", "doan", "DOAN", "\u00d0oàn"):
        assert await found(fhir, "name", typed) == ["1"], typed


async def test_a_word_of_a_text_alone_is_no_family_name(fhir):
    await named(fhir, "1", {"text": "Nguyễn Thị Bưởi"})
    assert await found(fhir, "name", "nguyễn thị") == ["1"]
    assert await found(fhir, "family", "nguyễn") == []
    assert await found(fhir, "given", "bưởi") == []


async def test_parts_without_a_text_are_read_family_name_first(fhir):
    await named(fhir, "1", {"family": "Nguyễn", "given": ["Thị", "Bưởi"]})
    for typed in ("nguyen thi buoi", "thi buoi", "buoi", "nguyen"):
        assert await found(fhir, "name", typed) == ["1"], typed


async def test_given_names_are_found_one_by_one_or_as_they_were_written(fhir):
    await named(fhir, "1", BUOI)
    await named(fhir, "2", {"family": "Nguyễn", "given": ["Thị Bưởi"]})
    assert await found(fhir, "given", "thi") == ["1", "2"]
    assert await found(fhir, "given", "buoi") == ["1"]
    assert await found(fhir, "given", "thi buoi") == ["2"]
    assert await found(fhir, "name", "thi buoi") == ["1", "2"]


async def test_a_name_of_one_word_is_found(fhir):
    await named(fhir, "1", {"text": "Hạnh", "given": ["Hạnh"]})
    await named(fhir, "2", {"given": ["Ỷ"]})
    assert await found(fhir, "name", "hanh") == ["1"]
    assert await found(fhir, "given", "y") == ["2"]


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ("H'Hen Niê", "h hen nie"),
        ("H’Hen Niê", "H'HEN"),
        ("Nguyễn  Thị\u00a0 Bưởi", "nguyen thi buoi"),
        (" Lê , Thị (Bảy) ", "le thi bay"),
        ("Trần-Lê Anh", "tran le anh"),
        ("BS. Phạm Văn Ất", "pham van at"),
    ],
)
async def test_punctuation_and_runs_of_spaces_are_one_space(fhir, kept, typed):
    await named(fhir, "1", {"text": kept})
    assert await found(fhir, "name", typed) == ["1"]


async def test_exact_wants_every_accent_and_capital_of_a_part_or_the_text(fhir):
    await named(fhir, "1", BUOI)
    decomposed = unicodedata.normalize("NFD", "Nguyễn Thị Bưởi")
    for typed in ("Nguyễn Thị Bưởi", decomposed, "Nguyễn", "Thị", "Bưởi"):
        assert await found(fhir, "name:exact", typed) == ["1"], typed
    for typed in ("Nguyễn Thị", "nguyễn thị bưởi", "Nguyen Thi Buoi", "Thị Bưởi", "Nguyễn "):
        assert await found(fhir, "name:exact", typed) == [], typed
    assert await found(fhir, "family:exact", "Nguyễn") == ["1"]
    assert await found(fhir, "given:exact", "bưởi") == []


async def test_any_of_several_names_is_found(fhir):
    maiden = {"use": "maiden", "text": "Trần Thị Bưởi"}
    await named(fhir, "1", BUOI, maiden)
    assert await found(fhir, "name", "tran thi") == ["1"]
    assert await found(fhir, "name", "nguyen") == ["1"]
    assert await found(fhir, "name", "nguyen tran") == []


async def test_names_stand_in_the_order_of_their_plain_letters(fhir):
    for identity, text in {
        "1": "Vũ Ánh",
        "2": "Đặng Đức",
        "3": "dang chi",
        "4": "Ắn Bình",
        "5": "Dương Lan",
        "6": "ÂN XUÂN",
    }.items():
        await named(fhir, identity, {"text": text})
    put = await fhir.put("Patient/9", {"resourceType": "Patient", "id": "9"})
    assert put.status_code == 201
    assert await found(fhir, "_sort", "name") == ["4", "6", "3", "2", "5", "1", "9"]
    assert await found(fhir, "_sort", "-name") == ["1", "5", "2", "3", "6", "4", "9"]


async def test_family_and_given_sort_each_by_itself(fhir):
    await named(fhir, "1", {"family": "Đỗ", "given": ["Ân"]})
    await named(fhir, "2", {"family": "Bùi", "given": ["Yến"]})
    assert await found(fhir, "_sort", "family") == ["2", "1"]
    assert await found(fhir, "_sort", "given") == ["1", "2"]


async def test_names_with_and_without_accents_are_both_found_by_one_without(fhir):
    await named(fhir, "1", {"text": "Lê Hoa"})
    await named(fhir, "2", {"text": "Lê Hòa"})
    await named(fhir, "3", {"text": "Le Hoà"})
    for typed in ("le hoa", "Lê Hòa", "LÊ HOẢ"):
        assert await found(fhir, "name", typed) == ["1", "2", "3"], typed
    assert await found(fhir, "name:exact", "Lê Hòa") == ["2"]


async def test_contains_looks_inside_words_and_across_them(fhir):
    await named(fhir, "1", BUOI)
    await named(fhir, "2", DUC)
    for typed in ("uoi", "ưởi", "yen thi b", "YỄN", "n  th"):
        assert await found(fhir, "name:contains", typed) == ["1"], typed
    assert await found(fhir, "name:contains", "d") == ["2"]
    assert await found(fhir, "family:contains", "ang") == ["2"]
    assert await found(fhir, "name:contains", "buoi nguyen") == []
    for typed in (".*", "^", "(", "\\\\"):
        answer = await fhir.get(f"Patient?name:contains={quote(typed)}")
        assert answer.status_code == 400, typed


async def test_an_address_is_found_from_any_of_its_words_on(fhir):
    text = "12/3 Đường Lê Lợi, Phường Bến Nghé, Quận 1, TP. Hồ Chí Minh"
    city = {
        "resourceType": "Patient",
        "id": "1",
        "address": [{"text": text, "city": "Hồ Chí Minh"}],
    }
    await fhir.put("Patient/1", city)
    for typed in ("12 3 duong le loi", "Bến Nghé", "quan 1", "tp ho chi minh", "lê"):
        assert await found(fhir, "address", typed) == ["1"], typed
    assert await found(fhir, "address-city", "ho chi") == ["1"]
    assert await found(fhir, "address-city", "chi minh") == []
