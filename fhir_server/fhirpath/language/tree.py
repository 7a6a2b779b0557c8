"""Functions of FHIR and of the tree: extensions, references, value sets, children, the clock.

https://hl7.org/fhir/R4/fhirpath.html#functions and https://hl7.org/fhirpath/N1/#tree-navigation
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fhir_server.fhirpath.language import navigation, types
from fhir_server.fhirpath.language.environment import Environment, Frame, Item
from fhir_server.fhirpath.language.step import (
    NOTHING,
    Builder,
    Scope,
    Step,
    collection,
    condition,
    single,
)
from fhir_server.fhirpath.language.values import kind_of, system, value_of
from fhir_server.fhirpath.syntax import FhirPathError, Node

Arguments = tuple[Node, ...]


def _children(scope: Scope, source: Step, _arguments: Arguments) -> Step:
    before, step = source.run, navigation.children(scope.model)

    def run(this: Item, frame: Frame) -> list[Item]:
        return frame.hold([found for item in before(this, frame) for found in step(item, frame)])

    return collection(run)


def _descendants(scope: Scope, source: Step, _arguments: Arguments) -> Step:
    before, step = source.run, navigation.children(scope.model)
    return collection(lambda this, frame: navigation.descendants(before(this, frame), step, frame))


def _extension(scope: Scope, source: Step, arguments: Arguments) -> Step:
    extensions = navigation.child(scope.model, source, "extension", None).run
    url = _text(scope, arguments[0])

    def run(this: Item, frame: Frame) -> list[Item]:
        wanted = url(this, frame)
        found = extensions(this, frame)
        return [item for item in found if type(item[1]) is dict and item[1].get("url") == wanted]

    return collection(run, frozenset(["Extension"]))


def _text(scope: Scope, node: Node) -> Callable[[Item, Frame], str | None]:
    argument = scope.compile(scope, node).run

    def run(this: Item, frame: Frame) -> str | None:
        item = single(argument(this, frame), "an argument")
        if item is not None and kind_of(item) != "String":
            raise FhirPathError(f"{item[0]} is no string")
        return None if item is None else value_of(item)

    return run


def _has_value(scope: Scope, source: Step, _arguments: Arguments) -> Step:
    before, model = source.run, scope.model

    def decide(this: Item, frame: Frame) -> bool:
        items = before(this, frame)
        return len(items) == 1 and items[0][1] is not None and model.primitive(items[0][0])

    return condition(decide)


def _get_value(_scope: Scope, source: Step, _arguments: Arguments) -> Step:
    before = source.run

    def run(this: Item, frame: Frame) -> list[Item]:
        items = before(this, frame)
        if len(items) != 1 or type(items[0][1]) is dict:
            return NOTHING
        value = value_of(items[0])
        return NOTHING if value is None else [system(kind_of(items[0]), value)]

    return collection(run)


def _resolve(_scope: Scope, source: Step, _arguments: Arguments) -> Step:
    before = source.run

    def run(this: Item, frame: Frame) -> list[Item]:
        items = before(this, frame)
        frame.spend(len(items))
        named = [_resolved(_reference(item), frame.environment) for item in items]
        return [item for item in named if item is not None]

    return collection(run)


def _reference(item: Item) -> Any:
    return item[1].get("reference") if type(item[1]) is dict else item[1]


def _resolved(reference: Any, environment: Environment) -> Item | None:
    if not isinstance(reference, str):
        return None
    around = environment.root or environment.resource
    if not reference.startswith("#") or around is None:
        return environment.resolve(reference)
    if reference == "#":
        return around
    contained = around[1].get("contained") if type(around[1]) is dict else None
    for inner in contained if type(contained) is list else ():
        if type(inner) is dict and inner.get("id") == reference[1:]:
            return navigation.item_of("Resource", inner)
    return None


def _member_of(scope: Scope, source: Step, arguments: Arguments) -> Step:
    before, value_set = source.run, _text(scope, arguments[0])

    def decide(this: Item, frame: Frame) -> bool | None:
        item = single(before(this, frame), "what memberOf() is called on")
        wanted = value_set(this, frame)
        if item is None or wanted is None:
            return None
        found = [frame.environment.member_of(wanted, *coded) for coded in _codes(item)]
        return True if True in found else None if None in found else False

    return condition(decide)


def _codes(item: Item) -> list[tuple[str, str]]:
    value = item[1]
    if type(value) is str:
        return [("", value)]
    if type(value) is not dict:
        return []
    codings = value.get("coding") if item[0] == "CodeableConcept" else [value]
    return [
        (str(coding.get("system") or ""), coding["code"])
        for coding in (codings if type(codings) is list else ())
        if type(coding) is dict and type(coding.get("code")) is str
    ]


def _conforms_to(scope: Scope, source: Step, arguments: Arguments) -> Step:
    before, profile = source.run, _text(scope, arguments[0])

    def decide(this: Item, frame: Frame) -> bool | None:
        item = single(before(this, frame), "what conformsTo() is called on")
        wanted = profile(this, frame)
        if item is None or wanted is None:
            return None
        return frame.environment.conforms(item, wanted)

    return condition(decide)


def _html_checks(_scope: Scope, source: Step, _arguments: Arguments) -> Step:
    before = source.run

    def decide(this: Item, frame: Frame) -> bool | None:
        item = single(before(this, frame), "what htmlChecks() is called on")
        if item is None or type(item[1]) is not str:
            return None
        return frame.environment.html(item[1])

    return condition(decide)


def _check_modifiers(scope: Scope, source: Step, arguments: Arguments) -> Step:
    before, known = source.run, [_text(scope, argument) for argument in arguments]

    def run(this: Item, frame: Frame) -> list[Item]:
        items = before(this, frame)
        urls = {url(this, frame) for url in known}
        for item in items:
            for extension in navigation.follow(item[1], _MODIFIERS):
                if type(extension[1]) is not dict or extension[1].get("url") not in urls:
                    raise FhirPathError("an element has a modifier extension that is not known")
        return items

    return collection(run, source.types)


_MODIFIERS: tuple[navigation.Way, ...] = (("modifierExtension", None, "Extension"),)


def _nothing(_scope: Scope, _source: Step, _arguments: Arguments) -> Step:
    """Give the step of what needs the definition an element was validated by: nothing."""
    return collection(lambda _this, _frame: NOTHING)


def _type(scope: Scope, source: Step, _arguments: Arguments) -> Step:
    return types.reflected(scope.model, source.run)


def _clock(kind: str, show: Callable[[datetime], str]) -> Builder:
    def build(_scope: Scope, _source: Step, _arguments: Arguments) -> Step:
        def run(_this: Item, frame: Frame) -> list[Item]:
            now = frame.environment.now
            if now is None:
                raise FhirPathError("what time it is is not known here")
            return [system(kind, show(now))]

        return collection(run, frozenset([f"System.{kind}"]))

    return build


FUNCTIONS: dict[str, tuple[int, int, Builder]] = {
    "children": (0, 0, _children),
    "descendants": (0, 0, _descendants),
    "extension": (1, 1, _extension),
    "hasValue": (0, 0, _has_value),
    "getValue": (0, 0, _get_value),
    "resolve": (0, 0, _resolve),
    "memberOf": (1, 1, _member_of),
    "conformsTo": (1, 1, _conforms_to),
    "htmlChecks": (0, 0, _html_checks),
    "checkModifiers": (0, 9, _check_modifiers),
    "elementDefinition": (0, 0, _nothing),
    "slice": (2, 2, _nothing),
    "type": (0, 0, _type),
    "now": (0, 0, _clock("DateTime", lambda now: now.isoformat(timespec="milliseconds"))),
    "today": (0, 0, _clock("Date", lambda now: now.date().isoformat())),
    "timeOfDay": (0, 0, _clock("Time", lambda now: now.time().isoformat("milliseconds"))),
}
