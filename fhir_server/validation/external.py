"""External code systems R4 binds to but does not list: media types, currencies, languages.

https://hl7.org/fhir/R4/terminologies-systems.html
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

# https://www.rfc-editor.org/rfc/rfc6838#section-4.2, with any parameters; R4 allows a bare `xml` in
# CapabilityStatement.format too.
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&\-^_.+]*"
_MEDIA_TYPE = re.compile(rf"{_NAME}/(?:{_NAME}|\*)\s*(?:;.*)?|\*/\*")
_FORMATS = frozenset({"json", "xml", "ttl", "html"})
# https://www.rfc-editor.org/rfc/rfc5646#section-2.1
_LANGUAGE = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?|x(?:-[a-z0-9]{1,8})+|i-[a-z]{3,8}",
    re.IGNORECASE,
)
# ISO 4217, the codes in use and those R4 lists beside them.
_CURRENCIES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN "
    "BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP "
    "ERN ETB EUR FJD FKP GBP GEL GGP GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS IMP INR "
    "IQD IRR ISK JEP JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN "
    "PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SPL SRD SSP "
    "STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TVD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED "
    "VEF VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX "
    "YER ZAR ZMW ZWG ZWL"
)


@cache
def _currencies() -> frozenset[str]:
    return frozenset(_CURRENCIES.split())


def media_type(code: str) -> bool:
    """Say whether it is written as a media type (BCP 13)."""
    return _MEDIA_TYPE.fullmatch(code) is not None or code in _FORMATS


def language(code: str) -> bool:
    """Say whether it is written as a language tag (BCP 47)."""
    return _LANGUAGE.fullmatch(code) is not None


def currency(code: str) -> bool:
    """Say whether it is a currency of ISO 4217."""
    return code in _currencies()


_VS = "http://hl7.org/fhir/ValueSet/"
# Value set → (the one system its codes are of, what a code has to be)
VALUE_SETS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    f"{_VS}mimetypes": ("urn:ietf:bcp:13", media_type),
    "http://www.rfc-editor.org/bcp/bcp13.txt": ("urn:ietf:bcp:13", media_type),
    f"{_VS}all-languages": ("urn:ietf:bcp:47", language),
    f"{_VS}currencies": ("urn:iso:std:iso:4217", currency),
}
