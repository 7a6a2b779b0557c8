import pytest

from mappings.terms.names import human_name


@pytest.mark.parametrize(
    ("text", "family", "given"),
    [
        ("NGUYỄN VĂN THỬ", "NGUYỄN", ["VĂN", "THỬ"]),
        ("Trần  Mẫu", "Trần", ["Mẫu"]),
        ("Mẫu", None, ["Mẫu"]),
    ],
)
def test_the_family_name_comes_first_and_the_text_is_kept(text, family, given):
    found = human_name(text)
    assert (found["text"], found.get("family"), found["given"]) == (text, family, given)
