"""FHIRPath Patch operations written short."""


def operation(type_, path, **parts):
    """Give one operation; `value` is the part without its name, other parts are text or number."""
    given = [
        {"name": "type", "valueCode": type_},
        {"name": "path", "valueString": path},
    ]
    for name, value in parts.items():
        if name == "value":
            given.append({"name": "value", **value})
        else:
            key = "valueString" if isinstance(value, str) else "valueInteger"
            given.append({"name": name, key: value})
    return {"name": "operation", "part": given}


def patient(**elements):
    return {"resourceType": "Patient", **elements}
