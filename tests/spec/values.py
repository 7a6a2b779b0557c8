"""The values of a search parameter, read by its closures."""


def values(param, resource):
    root = (resource["resourceType"], resource)
    found = param.flow.run(root, root)
    if not param.parts:
        return found
    within = [
        (content, tuple(part.run(root, (content, value)) for part in param.parts))
        for content, value in found
    ]
    return [(content, told) for content, told in within if all(told)]
