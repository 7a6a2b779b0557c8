"""The texts of the pages in Vietnamese and English, and which of the two a reader gets.

The catalogues have the same keys (a test compares). A text is trusted; what is put into it is
escaped. The pages of a guest have a catalogue of their own over this one.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from fhir_server.fhir import json

LANGUAGES = ("vi", "en")
DEFAULT = "vi"


@cache
def catalogue(language: str, guest: str = "") -> Mapping[str, str]:
    """Give the texts of a language by key; those of a guest's package go before ours."""
    texts: dict[str, str] = {}
    for package in ("fhir_server.pages", guest):
        if package:
            texts |= json.parse((files(package) / "messages" / f"{language}.json").read_bytes())
    return texts


def say(texts: Mapping[str, str], key: str, /, **values: Any) -> Markup:
    """Give a text of a catalogue with its values in it, each escaped unless it is Markup."""
    return Markup(texts[key]).format(**values)  # noqa: S704 the texts are ours


def chosen(asked: str, kept: str, accepted: str) -> str:
    """Give the language: as asked for, else as kept in the cookie, else as the browser likes it.

    `accepted` is an Accept-Language: https://www.rfc-editor.org/rfc/rfc9110#field.accept-language
    """
    wishes = (asked, kept, *_wishes(accepted))
    return next((one for one in wishes if one in LANGUAGES), DEFAULT)


def _wishes(accepted: str) -> Iterator[str]:
    weighed = [part.strip().partition(";") for part in accepted[:200].lower().split(",")]
    ranges = sorted(weighed, key=lambda part: _weight(part[2]), reverse=True)
    return (language.strip().partition("-")[0] for language, _, weight in ranges if _weight(weight))


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name == "q" else 0.0
    except ValueError:
        return 0.0


def isolated(text: str) -> Markup:
    """Give a name somebody else chose: escaped, without controls, its direction kept to itself.

    https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
    """
    shown = "".join(
        one for one in text if unicodedata.category(one) not in ("Cc", "Cf", "Zl", "Zp")
    )
    return Markup("<bdi>{}</bdi>").format(shown or "–")


def moment(language: str, seconds: float, zone: tzinfo) -> Markup:
    """Give a point in time as it is read here; `seconds` since the Unix epoch."""
    when = datetime.fromtimestamp(seconds, zone)
    shown = f"{when:%d/%m/%Y %H:%M}" if language == "vi" else f"{when:%Y-%m-%d %H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), shown)


def day(language: str, date: str) -> str:
    """Give a FHIR date, whole or in part, as it is read here."""
    return "/".join(reversed(date.split("-"))) if language == "vi" else date
