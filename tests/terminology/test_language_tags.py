"""Language tags, by RFC 5646 and IANA's subtags."""

import pytest

from fhir_server.terminology.language_tags import is_tag, name


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("vi", "Vietnamese"),
        ("VI-vn", "Vietnamese (Viet Nam)"),
        ("zh-Hant-TW", "Taiwan Chinese in traditional script"),
        ("sl-rozaj-biske", "Slovenian (Resian, The San Giorgio dialect of Resian)"),
        ("i-klingon", "Klingon"),
        ("x-anything-1", "Private use"),
        ("qaa", "Private use"),
        ("fr-419", "French (Latin America and the Caribbean)"),
        ("en-a-bbb-x-a", "English"),
        ("zh-yue", "Cantonese"),
    ],
)
def test_a_tag_is_told_by_its_name(tag, told):
    assert name(tag) == told
    assert is_tag(tag)


@pytest.mark.parametrize(
    "text",
    ["", "v", "vietnamese", "xq", "vi_VN", "vi-", "-vi", "vi-XQQ", "vi-VN-VN", "en-zzzx", "x",
     "de-1901-1901", "en-a-bbb-a-ccc", "vi-x", "vi\n", "vi-" + "abcdefgh-" * 40, "ｖi"],
)  # fmt: skip
def test_what_is_no_tag_has_no_name(text):
    assert name(text) is None
    assert not is_tag(text)
