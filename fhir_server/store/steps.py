"""What the store asks to be decided: the step a write or a read in a transaction is at.

A step is the code of an interaction (`create`, `update`, `patch`, `delete`, `read`, `search-type`)
for the state that is found, or one of these.
"""

from collections.abc import Callable
from typing import TypeAlias

from fhir_server.search.condition import Condition

# Behind the code of a write: the state it leaves.
RESULT = "-result"
# Something that is written refers to the resource.
REFER = "refer"

# One decision for all, or what gives it for a type and a step.
Allow: TypeAlias = Condition | Callable[[str, str], Condition]
