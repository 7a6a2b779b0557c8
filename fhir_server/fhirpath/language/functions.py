"""Every function of the language: its name → how few and how many arguments, its builder."""

from fhir_server.fhirpath.language import (
    boundaries,
    conversion,
    existence,
    filtering,
    mathematics,
    strings,
    subsetting,
    tree,
)
from fhir_server.fhirpath.language.step import Builder

FUNCTIONS: dict[str, tuple[int, int, Builder]] = {
    **existence.FUNCTIONS,
    **filtering.FUNCTIONS,
    **subsetting.FUNCTIONS,
    **strings.FUNCTIONS,
    **mathematics.FUNCTIONS,
    **conversion.FUNCTIONS,
    **boundaries.FUNCTIONS,
    **tree.FUNCTIONS,
}
