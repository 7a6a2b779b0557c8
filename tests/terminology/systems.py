"""Code systems and value sets the tests ask about, at example.org."""

SYSTEM = "http://example.org/animals"
SET = "http://example.org/sets/"


def code_system(concepts, url=SYSTEM, **more):
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "status": "active",
        "content": "complete",
        "concept": concepts,
        **more,
    }


def concept(code, *nested, **properties):
    found = {"code": code}
    if properties:
        found["property"] = [
            {"code": name, ("valueBoolean" if isinstance(value, bool) else "valueCode"): value}
            for name, value in properties.items()
        ]
    return found | ({"concept": list(nested)} if nested else {})


def value_set(name, *include, exclude=(), **compose):
    return {
        "resourceType": "ValueSet",
        "url": f"{SET}{name}",
        "status": "active",
        "compose": {
            "include": list(include),
            **({"exclude": list(exclude)} if exclude else {}),
            **compose,
        },
    }


def clause(system=SYSTEM, codes=None, *filters, **more):
    found = {"system": system} if system else {}
    if codes is not None:
        found["concept"] = [{"code": code} for code in codes]
    if filters:
        found["filter"] = [
            {"property": name, "op": op, "value": value} for name, op, value in filters
        ]
    return found | more


ANIMALS = code_system(
    [
        concept(
            "mammal",
            concept("cat", concept("lynx", status="retired"), legs="4"),
            concept("bat", legs="2", flies=True),
        ),
        concept("bird", concept("hen", legs="2", flies=False), flies=True),
        concept("griffin", parent="bird"),
    ]
)
