"""What the server is asked: a label for each kind of question, and those it cannot answer yet.

A label is a type of parameter (`token`), one with a modifier (`token:not`), a join, or an order.
"""

MODIFIERS = {
    "string": ("", "exact", "contains", "missing"),
    "token": ("", "not", "text", "of-type", "in", "not-in", "above", "below", "missing"),
    "reference": ("", "Type", "identifier", "above", "below", "missing"),
    "date": ("", "missing"),
    "number": ("", "missing"),
    "quantity": ("", "missing"),
    "uri": ("", "below", "above", "missing"),
    # "For all parameters (except combination)": a composite is not asked whether it is missing.
    "composite": ("",),
    "special": ("", "missing"),
}
JOINS = ("chain", "_has", "_list")
INCLUDE = "_include"
COMPARTMENT = "in a compartment"
SEVERAL_TYPES = "of several types"
BOUND_SYSTEM = "token:system of the binding"
SORT_MANY = "sort:by several parameters of several values"
SORT_TOKEN = "sort:token"
TEXT_ALONE = "a concept of text alone"
SORT_LATER = "sort:by what may be missing, not first"
# A line goes when the server answers it; asked are only the others.
NOT_YET: set[str] = set()
# Parameters that select by no value of an element, or that no server can answer by R4 alone.
APART = {"_content", "_text", "_filter", "_query", "age", "birthOrderBoolean"}


def label(kind: str, modifier: str) -> str:
    """Name a question: `token`, `token:not`."""
    return f"{kind}:{modifier}" if modifier else kind


def modifiers(kind: str) -> list[str]:
    """Give the modifiers that are asked of a type of parameter."""
    return [one for one in MODIFIERS[kind] if label(kind, one) not in NOT_YET]
