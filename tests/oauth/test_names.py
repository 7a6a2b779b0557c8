"""Names of clients: nothing that hides, nothing that imitates."""

import pytest

from fhir_server.oauth import names


@pytest.mark.parametrize(
    "name", ["An app", "Sổ sức khỏe", "Đặt lịch khám 24/7", "A&B (web)", "x", "Ｆull width", "4you"]
)
def test_a_name_of_vietnamese_or_english_letters_is_kept(name):
    assert names.key(names.checked(name))


def test_a_name_is_kept_in_one_form():
    assert names.checked(" Ｓổ ") == names.checked("So\u0302\u0309") == "Sổ"


@pytest.mark.parametrize(
    "name",
    [
        None,
        7,
        ["a"],
        "",
        " ",
        "...",
        "a" * 65,
        "\ufdfa" * 10,
        "Sổ\u202eyt",  # right to left
        "a\u2066b\u2069",
        "a\u200bb",
        "a\u00adb",
        "a\x00b",
        "a\nb",
        "a\tb",
        "a  b",
        "a\u00a0 b",
        "a\ud800b",
        "Bộ Y tế\u0301",
        "z\u0301\u0302\u0303",
        "Воok",  # Cyrillic
        "Аpp",
        "Αpp",  # Greek
        "ɑpp",  # a Latin letter that is none of ours
        "ʙook",
        "書",
        "صحة",
        "<b>app</b>",
        'app"',
        "app`",
        "app\\",
        "app✓",
        "👍 app",
    ],
)
def test_a_name_that_hides_or_imitates_is_refused(name):
    with pytest.raises(ValueError, match="client_name"):
        names.checked(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sổ sức khỏe", "SO SUC KHOE"),
        ("Sổ sức khỏe", "sổ-sức_khỏe."),
        ("Sổ sức khỏe", "S0 suc kh0e"),
        ("Đông", "Dong"),
        ("modern", "modem"),
        ("Ill", "1l1"),
        ("waste", "vvaste"),
        ("a b", "ab"),
    ],
)
def test_names_a_person_takes_for_each_other_share_a_key(one, other):
    assert names.key(one) == names.key(other)


def test_other_names_do_not():
    assert names.key("Sổ sức khỏe") != names.key("Sổ khám bệnh")
