"""Vital signs as doctors write them into a note: `CSST<M75_T37_HA120/70_NT18_SP98_HL2>`.

Decision 4750/QĐ-BYT, table 5, DIEN_BIEN_LS: M pulse, T temperature, HA blood pressure, NT breaths,
SP oxygen saturation, HL nursing level.
"""

import re

# Writers that escape twice leave &lt; and &gt; in the text.
_BLOCK = re.compile(r"CSST\s*(?:<|&lt;)([^<>&]{1,200})(?:>|&gt;)", re.ASCII | re.IGNORECASE)
_SIGN = re.compile(
    r"(HA|NT|SP|HL|M|T)\s*(\d{1,3}(?:[.,]\d{1,2})?)(?:\s*/\s*(\d{1,3}))?\s*\D*", re.ASCII
)


def signs(text: str) -> dict[str, tuple[str, str]]:
    """Give sign → (value, second value or ""); a sign said twice keeps what was said last."""
    return {
        said[1]: (said[2], said[3] or "")
        for block in _BLOCK.finditer(text)
        for said in _parts(block)
        if said
    }


def without_signs(text: str) -> str:
    """Give the note without its blocks; one of which not all can be read stays."""
    return _BLOCK.sub(lambda block: "" if all(_parts(block)) else block[0], text).strip()


def _parts(block: re.Match[str]) -> list[re.Match[str] | None]:
    return [_SIGN.fullmatch(part.strip()) for part in block[1].split("_")]
