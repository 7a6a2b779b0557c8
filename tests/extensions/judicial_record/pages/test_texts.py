"""The texts: both languages, plain words, and one for every field, code and act of the tables."""

import json
import re
from pathlib import Path

import pytest

from extensions.judicial_record.dossier.application import ROWS
from extensions.judicial_record.pages import acts, apply
from extensions.judicial_record.pages.rows import MENU, PACKAGE
from fhir_server.pages.words import LANGUAGES, catalogue

FOLDER = Path(acts.__file__).parent
OURS = {one: json.loads((FOLDER / "messages" / f"{one}.json").read_bytes()) for one in LANGUAGES}
WIDGETS = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("templates/*.html"))


def test_both_languages_have_the_same_texts():
    assert list(OURS["vi"]) == list(OURS["en"])
    for key, text in OURS["en"].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", OURS["vi"][key])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_plain_words(language):
    for key, text in OURS[language].items():
        assert text.strip(), key
        assert not set('<>&"') & set(text), key


def test_every_field_code_and_act_has_its_words():
    texts = catalogue("vi", PACKAGE)
    rows = [*ROWS.values(), *(row for takes in acts.TAKES.values() for row in takes)]
    asked = {f"field.{row.name}" for row in rows} | {f"do.{name}" for name in acts.TAKES}
    asked |= {f"code.{code}" for row in rows for code in row.codes}
    asked |= {f"nav.{path}" for path, _ in MENU} | {f"part.{one}" for one in apply.PARTS}
    asked |= set(re.findall(r'say\("([^"~]+)"[,)]', WIDGETS))
    assert not asked - set(texts)
