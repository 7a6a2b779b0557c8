"""Where identifiers, code systems and extensions of Viet Nam live: one base address, configurable.

The default is the base the HL7 Vietnam community guide uses (http://fhir.hl7.org.vn/core).
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
# Numbers of referral letters, of follow-up slips and of visits, unique in their facility.
LETTER, SLIP, VISIT = "so-giay-chuyen-tuyen", "so-giay-hen", "ma-lk"
VIETNAMESE_PASSPORT = "http://hl7.org/fhir/sid/passport-VNM"

_CITIZEN = re.compile(r"\d{12}", re.ASCII)
_OLD_CARD = re.compile(r"\d{9}", re.ASCII)
_PASSPORT = re.compile(r"[A-Z]\d{7,8}", re.ASCII)
_ANY_PASSPORT = re.compile(r"[A-Z0-9]{6,15}", re.ASCII)
_INSURANCE_CARD = re.compile(r"[A-Z]{2}[1-5]\d{12}", re.ASCII)
_INSURANCE_NUMBER = re.compile(r"\d{10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Systems:
    """Addresses under one base, which ends in a slash."""

    base: str = "http://fhir.hl7.org.vn/core/"

    def sid(self, name: str, facility: str = "") -> str:
        """Give an identifier system; numbers unique only inside a facility are scoped by it."""
        scope = f"/{quote(facility, safe='')}" if facility else ""
        return f"{self.base}sid/{name}{scope}"

    def codes(self, name: str) -> str:
        """Give the address of a CodeSystem."""
        return f"{self.base}CodeSystem/{name}"

    def extension(self, name: str) -> str:
        """Give the address of an extension."""
        return f"{self.base}StructureDefinition/{name}"

    def profile(self, name: str) -> str:
        """Give the address of a profile."""
        return f"{self.base}StructureDefinition/{name}"


HL7_VIETNAM = Systems()


def identifier(system: str, value: str, kind: str = "") -> dict[str, Any]:
    """Give an Identifier; `kind` is a code of HL7 table 0203 such as NI, MR, PPN."""
    found: dict[str, Any] = {"system": system} if system else {}
    if kind:
        found["type"] = {"coding": [{"system": IDENTIFIER_TYPE, "code": kind}]}
    found["value"] = value
    return found


def facility_identifier(code: str, systems: Systems = HL7_VIETNAM) -> dict[str, Any]:
    """Give the Identifier of a facility, MA_CSKCB."""
    return identifier(systems.sid("ma-cskcb"), code)


def citizen_number(text: str) -> str:
    """Give the 12-digit citizen number in `text`, or an empty string.

    The province part is never checked against a list: numbers outlive the provinces they name.
    """
    return text if _CITIZEN.fullmatch(text) else ""


def is_personal_number(text: str, *, vietnamese: bool) -> bool:
    """Say whether SO_CCCD is a citizen number, an old identity card or a passport, by its form."""
    passport = _PASSPORT if vietnamese else _ANY_PASSPORT
    return any(one.fullmatch(text) for one in (_CITIZEN, _OLD_CARD, passport))


def tells(citizen: str, sex: str, year: str) -> bool:
    """Say whether a citizen number agrees with GIOI_TINH (1, 2; else unknown) and a birth year.

    Its fourth digit counts centuries from 1900, two for each: even for men, odd for women; the two
    after it are the year (Decree 137/2015/NĐ-CP). Sexes are corrected, numbers stay: never refuse.
    """
    century, female = divmod(int(citizen[3]), 2)
    born = f"{19 + century}{citizen[4:6]}"
    return born == year and (sex not in {"1", "2"} or sex == str(1 + female))


def is_insurance_card(text: str) -> bool:
    """Say whether a card is of one of its forms: card, insurance number, citizen number."""
    return any(one.fullmatch(text) for one in (_INSURANCE_CARD, _INSURANCE_NUMBER, _CITIZEN))


def personal(text: str, systems: Systems, *, vietnamese: bool) -> dict[str, Any]:
    """Give the Identifier for SO_CCCD: citizen number, old identity card, passport or other."""
    if citizen_number(text):
        return identifier(systems.sid("cccd"), text, "NI")
    if _OLD_CARD.fullmatch(text):
        return {"use": "old"} | identifier(systems.sid("cmnd"), text, "NI")
    if vietnamese and _PASSPORT.fullmatch(text):
        return identifier(VIETNAMESE_PASSPORT, text, "PPN")
    return identifier("", text, "PPN" if not vietnamese and _ANY_PASSPORT.fullmatch(text) else "")


def insurance(text: str, systems: Systems) -> list[dict[str, Any]]:
    """Give the Identifiers of one insurance card: the card, and the number that never changes.

    A card is 15 characters whose last 10 are the social-insurance number; since 2021 the number
    alone is a card too. A citizen number used as a card is no insurance identifier; what is of no
    form of card has no system.
    """
    if _INSURANCE_CARD.fullmatch(text):
        return [
            identifier(systems.sid("bhyt"), text, "SN"),
            identifier(systems.sid("bhxh"), text[-10:], "SS"),
        ]
    if _INSURANCE_NUMBER.fullmatch(text):
        return [identifier(systems.sid("bhxh"), text, "SS")]
    return [] if citizen_number(text) else [identifier("", text)]
