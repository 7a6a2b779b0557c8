"""What is asked of all items of an element, taken apart for those who write it out.

https://hl7.org/fhir/R4/elementdefinition.html
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from fhir_server.fhirpath.language.written import NotPlain
from fhir_server.validation.profiles.discriminators import Matcher, OfType
from fhir_server.validation.profiles.looks import AtLeast, AtMost, Each, Every, Wholes
from fhir_server.validation.profiles.slicing import Slicing, Whole
from fhir_server.validation.profiles.types import OneOf
from fhir_server.validation.profiles.walk import Check
from fhir_server.validation.profiles.which import ByMatches


@dataclass(slots=True)
class Look:
    """What is asked of all items of an element, taken apart."""

    least: int = 0
    most: int | None = None
    checks: list[Check] = field(default_factory=list)
    slicings: list[Slicing] = field(default_factory=list)

    @classmethod
    def of(cls, whole: Whole) -> "Look":
        """Take a look apart. Raises NotPlain for one nobody knows."""
        found = cls()
        for one in whole.wholes if isinstance(whole, Wholes) else (whole,):
            match one:
                case AtLeast(least, _):
                    found.least = least
                case AtMost(most, _):
                    found.most = most
                case Each(check):
                    found.checks += check.checks if isinstance(check, Every) else (check,)
                case Slicing():
                    found.slicings.append(one)
                case _:
                    raise NotPlain
        return found

    def refuses(self, content: str) -> bool:
        """Say whether nothing of a type may stand here."""
        return any(isinstance(one, OneOf) and not one.allows(content) for one in self.checks)


def by_type(slicing: Slicing, content: str) -> Iterator[int]:
    """Give the slices a value of a type is in, where nothing else decides."""
    if not isinstance(slicing.which, ByMatches):
        raise NotPlain
    for number, one in enumerate(slicing.which.matches):
        match one:
            case Matcher(_, [((), OfType() as test)]):
                if test.of(content):
                    yield number
            case _:
                raise NotPlain
