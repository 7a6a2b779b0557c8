"""Units as Vietnamese laboratories write them → UCUM codes.

https://ucum.org/ucum; a unit that is not here keeps its text and gets no code.
"""

from functools import lru_cache

UCUM_CODES = {
    "%": "%",
    "mmol/l": "mmol/L",
    "µmol/l": "umol/L",
    "umol/l": "umol/L",
    "nmol/l": "nmol/L",
    "pmol/l": "pmol/L",
    "mmol/mol": "mmol/mol",
    "g/l": "g/L",
    "g/dl": "g/dL",
    "mg/l": "mg/L",
    "mg/dl": "mg/dL",
    "µg/l": "ug/L",
    "ug/l": "ug/L",
    "µg/dl": "ug/dL",
    "ng/ml": "ng/mL",
    "ng/l": "ng/L",
    "pg/ml": "pg/mL",
    "g/24h": "g/(24.h)",
    "mg/24h": "mg/(24.h)",
    "mg/mmol": "mg/mmol",
    "mg/g": "mg/g",
    "10^9/l": "10*9/L",
    "10*9/l": "10*9/L",
    "10^12/l": "10*12/L",
    "10*12/l": "10*12/L",
    "k/ul": "10*3/uL",
    "m/ul": "10*6/uL",
    "fl": "fL",
    "pg": "pg",
    "u/l": "U/L",
    "iu/l": "[IU]/L",
    "ui/l": "[IU]/L",
    "iu/ml": "[IU]/mL",
    "ui/ml": "[IU]/mL",
    "miu/l": "m[IU]/L",
    "miu/ml": "m[IU]/mL",
    "µiu/ml": "u[IU]/mL",
    "uiu/ml": "u[IU]/mL",
    "u/ml": "U/mL",
    "giây": "s",
    "s": "s",
    "phút": "min",
    "lần/phút": "/min",
    "l/phút": "/min",
    "ml/phút": "mL/min",
    "ml/min/1.73m2": "mL/min/{1.73_m2}",
    "ml/phút/1.73m2": "mL/min/{1.73_m2}",
    "mm/h": "mm/h",
    "mm/giờ": "mm/h",
    "mmhg": "mm[Hg]",
    "°c": "Cel",
    "kg": "kg",
    "g": "g",
    "mg": "mg",
    "cm": "cm",
    "mm": "mm",
    "ml": "mL",
}
# These two differ from another unit only in case: G/L is 10^9 per litre, g/L is grams.
CASE_MATTERS = {"G/L": "10*9/L", "G/l": "10*9/L", "T/L": "10*12/L", "T/l": "10*12/L"}


@lru_cache(maxsize=1024)
def ucum(unit: str) -> str:
    """Give the UCUM code of a unit's text, or an empty string when it is not known."""
    plain = "".join(unit.split()).replace("μ", "µ")  # the Greek letter and the micro sign
    return CASE_MATTERS.get(plain) or UCUM_CODES.get(plain.lower(), "")
