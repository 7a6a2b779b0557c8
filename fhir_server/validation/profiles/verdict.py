"""The verdict: whether a profile has nothing to say of an object, as one generated function.

Written from the checks of the profile for JSON without companions of primitives: what is looked up
is looked up once, places and reasons are not noted. A yes is final; after a no the checks tell.
Only names of definitions and texts in `repr` come into the source, whoever wrote the profile.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fhir_server.fhirpath.language.written import NEVER, NotPlain
from fhir_server.fhirpath.lines import Lines
from fhir_server.fhirpath.model import Member
from fhir_server.spec.structures import Structures
from fhir_server.validation.profiles.apart import Look, by_type
from fhir_server.validation.profiles.children import Child, Children
from fhir_server.validation.profiles.looks import Every, Inside
from fhir_server.validation.profiles.refused import Conditions
from fhir_server.validation.profiles.slicing import Slicing
from fhir_server.validation.profiles.walk import Check, Walk, items
from fhir_server.validation.profiles.which import ByMatches, ByValue

# (object, walk) → is there nothing to say?
Verdict: TypeAlias = Callable[[Mapping[str, Any], Walk], bool]

_OPEN = ("Resource", "DomainResource")
_SYSTEM = "System."
_NO = "return False"


def verdict(structures: Structures, check: Check, content: str) -> Verdict:
    """Give what tells whether a check has nothing to say of an object of a type."""
    source = Source(structures=structures)
    name = source.function(lambda: source.item(1, check, content, "v"))
    try:
        code = compile(source.text, f"<profile of {content}>", "exec")
    except (SyntaxError, RecursionError, MemoryError):
        # It is nested deeper than Python reads.
        return _never
    exec(code, source.names)  # noqa: S102 (the text is of names and `repr` alone)
    found: Verdict = source.names[name]
    return found


def _never(_value: Mapping[str, Any], _walk: Walk) -> bool:
    """Leave all to the checks."""
    return False


@dataclass(slots=True, kw_only=True)
class Source(Lines):
    """The functions written so far, the lines of the one being written, what they name."""

    structures: Structures
    text: str = ""
    names: dict[str, Any] = field(default_factory=lambda: {"items": items})
    known: dict[tuple[int, str], str] = field(default_factory=dict)

    @property
    def conditions(self) -> Conditions:
        """What writes the conditions of this source."""
        return Conditions(self.structures, self.named)

    def function(self, body: Callable[[], None]) -> str:
        """Write a function of `v`, an object, and `walk`; give its name."""
        outer, self.lines = self.lines, []
        name = self.fresh("well")
        body()
        self.text += "\n".join([f"def {name}(v, walk):", *self.lines, "    return True", ""])
        self.lines = outer
        return name

    def item(self, depth: int, check: Check, content: str, value: str) -> None:
        """Write what is asked of one item of a type, in a variable."""
        for one in check.checks if isinstance(check, Every) else (check,):
            told = (
                self._inside(one, content, value)
                if isinstance(one, Inside)
                else self.conditions.refused(one, content, value)
            )
            if told != NEVER:
                self.add(depth, f"if {told}: {_NO}")

    def _inside(self, check: Inside, content: str, value: str) -> str:
        """Give what is true where something is to be said of what stands in an item."""
        if self.structures.primitive(content) or content.startswith(_SYSTEM):
            needed = check.primitive is not None and check.primitive.needed
            return self.conditions.refused(check, content, value) if needed else NEVER
        children = check.of(content)
        return f"not {self.children(children, content)}({value}, walk)" if children else NEVER

    def children(self, children: Children, content: str) -> str:
        """Give the name of the function that asks of the elements of an object."""
        key = id(children), content
        if key not in self.known:
            self.known[key] = self.function(lambda: self._children(children))
        return self.known[key]

    def _children(self, children: Children) -> None:
        for one in children.each:
            mark = len(self.lines)
            try:
                self._child(one)
            except NotPlain:
                del self.lines[mark:]
                look, members = self.named("look", one.whole), self.named("members", one.members)
                self.add(1, f"if {look}(items(v, {members}), walk): {_NO}")

    def _child(self, child: Child) -> None:
        if any(member.content in _OPEN for member in child.members):
            raise NotPlain
        look = Look.of(child.whole)
        if all(member.single for member in child.members):
            self._single(child.members, look)
        elif len(child.members) == 1:
            self._many(child.members[0], look)
        else:
            raise NotPlain

    def _single(self, members: Sequence[Member], look: Look) -> None:
        """Write what is asked of an element that stands once, perhaps of one of several types."""
        if look.least > 1:
            raise NotPlain
        refused = {one.key for one in members if look.most == 0 or look.refuses(one.content)}
        if refused == {one.key for one in members} and look.least:
            self.add(1, _NO)
            return
        if refused:
            self.add(1, f"if not {self.named('refused', refused)}.isdisjoint(v): {_NO}")
        word = "if"
        for member in members:
            if member.key in refused:
                continue
            value = self.fresh()
            self.add(1, f"{word} ({value} := v.get({member.key!r})) is not None:")
            mark = len(self.lines)
            self._one(member, look, value)
            if len(self.lines) > mark or look.least:
                if len(self.lines) == mark:
                    self.add(2, "pass")
                word = "elif"
            else:
                del self.lines[mark - 1 :]
        if look.least:
            self.add(1, f"else: {_NO}")

    def _one(self, member: Member, look: Look, value: str) -> None:
        for check in look.checks:
            self.item(2, check, member.content, value)
        for slicing in look.slicings:
            self._sliced_one(slicing, member, value)

    def _sliced_one(self, slicing: Slicing, member: Member, value: str) -> None:
        """Write what slices by type ask of the one value of a choice."""
        fitting = [*by_type(slicing, member.content)]
        if slicing.rest or slicing.ordered or len(fitting) > 1:
            raise NotPlain
        if slicing.rules == "closed" and not fitting:
            self.add(2, _NO)
        for number, one in enumerate(slicing.slices):
            look = Look.of(one.whole) if one.whole else Look()
            inside = number in fitting
            if look.slicings or look.least > 1 or (inside and look.most == 0):
                raise NotPlain
            if look.least and not inside:
                self.add(2, _NO)
            for check in look.checks if inside else ():
                self.item(2, check, member.content, value)

    def _many(self, member: Member, look: Look) -> None:
        """Write what is asked of an element that may stand several times."""
        there = self.fresh()
        self.add(1, f"{there} = v.get({member.key!r}, ())")
        self._counted(f"len({there})", look)
        if look.checks:
            value = self.fresh()
            self.add(1, f"for {value} in {there}:")
            mark = len(self.lines)
            for check in look.checks:
                self.item(2, check, member.content, value)
            if len(self.lines) == mark:
                del self.lines[mark - 1 :]
        for slicing in look.slicings:
            self._sliced(slicing, member, there)

    def _counted(self, number: str, look: Look) -> None:
        if look.least:
            self.add(1, f"if {number} < {look.least}: {_NO}")
        if look.most is not None:
            self.add(1, f"if {number} > {look.most}: {_NO}")

    def _sliced(self, slicing: Slicing, member: Member, there: str) -> None:
        """Write what is asked of the items of each slice, as they come."""
        looks = [Look.of(one.whole) if one.whole else Look() for one in slicing.slices]
        if slicing.ordered or slicing.rest or slicing.rules not in ("open", "closed"):
            raise NotPlain
        if any(look.slicings for look in looks):
            raise NotPlain
        counts = [self.fresh("n") for _ in looks]
        self.add(1, f"{' = '.join(counts)} = 0")
        value = self.fresh()
        self.add(1, f"for {value} in {there}:")
        tests = [*self._tests(slicing, member, value)]
        for number, (look, test) in enumerate(zip(looks, tests, strict=True)):
            self.add(2, f"{'elif' if number else 'if'} {test}:")
            self.add(3, f"{counts[number]} += 1")
            for check in look.checks:
                self.item(3, check, member.content, value)
        if slicing.rules == "closed":
            self.add(2, f"else: {_NO}")
        for count, look in zip(counts, looks, strict=True):
            self._counted(count, look)

    def _tests(self, slicing: Slicing, member: Member, value: str) -> Iterator[str]:
        """Give what is true of the items of each slice; where several can be, no function is."""
        match slicing.which:
            case ByValue(name, numbers) if all(len(one) == 1 for one in numbers.values()):
                by_number = {one[0]: text for text, one in numbers.items()}
                for number in range(len(slicing.slices)):
                    yield f"{value}.get({name!r}) == {by_number[number]!r}"
            case ByMatches([matches]):
                yield self.conditions.matched(matches, member.content, value)
            case ByMatches(matches):
                fitting = [self.fresh("in") for _ in matches]
                for name, one in zip(fitting, matches, strict=True):
                    self.add(2, f"{name} = {self.conditions.matched(one, member.content, value)}")
                # An item of several slices is a fault.
                self.add(2, f"if {' + '.join(fitting)} > 1: {_NO}")
                yield from fitting
            case _:
                raise NotPlain
