"""The one table of a dossier's life: states, operations, who may, what comes next; pure.

The numbers are those one-stop systems and the national app exchange. Inside state 4 the work has
steps, written `4/review`: what an officer sees, and nobody else, because they tell whether anything
was found. FHIR's side: https://hl7.org/fhir/R4/task.html#statemachine
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_server.fhir.errors import Conflict, Forbidden

HOLDER, CLIENT, OFFICER, SIGNER = "holder", "client", "officer", "signer"


@dataclass(frozen=True, slots=True)
class State:
    """A state: its name in both languages, the Task.status, whether the term runs in it."""

    name: str
    vietnamese: str
    status: str
    runs: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """What an operation makes of these states: one of `to`, by one of `who`.

    `trying` may too where the office is one for trying out.
    """

    operation: str
    sources: tuple[str, ...]
    to: tuple[str, ...]
    who: tuple[str, ...]
    trying: tuple[str, ...] = ()


STATES = {
    "draft": State("draft", "Nháp", "draft"),
    "6": State("payment due", "Yêu cầu thực hiện nghĩa vụ tài chính", "requested"),
    "1": State("submitted", "Mới đăng ký", "received"),
    "2": State("accepted", "Được tiếp nhận", "accepted", runs=True),
    "3": State("refused", "Không được tiếp nhận", "rejected"),
    "4/awaiting-source": State("awaiting source", "Chờ xác minh", "in-progress", runs=True),
    "4/review": State("review", "Đang thẩm tra", "in-progress", runs=True),
    "4/awaiting-signature": State("awaiting signature", "Chờ ký", "in-progress", runs=True),
    "4/signing": State("signing", "Đang ký", "in-progress", runs=True),
    "5": State("supplement needed", "Yêu cầu bổ sung giấy tờ", "on-hold"),
    "7": State("withdrawn", "Công dân yêu cầu rút hồ sơ", "cancelled"),
    "8": State("stopped", "Dừng xử lý", "failed"),
    "9": State("signed", "Đã xử lý xong", "completed"),
    "10": State("delivered", "Đã trả kết quả", "completed"),
}

# What state 4 is called to who does not see its steps.
PROCESSING = State("processing", "Đang xử lý", "in-progress", runs=True)

_APPLICANT = (HOLDER, CLIENT)
_CHECKED = ("4/awaiting-source", "4/review", "4/awaiting-signature")

MOVES = (
    Move("submit", ("draft",), ("6", "1"), _APPLICANT),
    # That a fee was paid is a payment system's word, never that of who owes it.
    Move("pay", ("6",), ("1",), (CLIENT,), trying=(HOLDER,)),
    Move("accept", ("1",), ("2",), (OFFICER,)),
    Move("refuse", ("1",), ("3",), (OFFICER,)),
    Move("request-supplement", ("1", "2", *_CHECKED), ("5",), (OFFICER,)),
    Move("supplement", ("5",), ("1", "2"), _APPLICANT),
    Move("withdraw", ("6", "1", "2", *_CHECKED, "5"), ("7",), _APPLICANT),
    Move("check-sources", ("2", *_CHECKED), _CHECKED, (OFFICER,)),
    Move("propose", _CHECKED, ("4/awaiting-signature",), (OFFICER,)),
    Move("sign", ("4/awaiting-signature",), ("4/signing",), (SIGNER,)),
    Move("sign", ("4/signing",), ("4/signing", "4/awaiting-signature", "9"), (SIGNER,)),
    Move("deliver", ("9", "10"), ("10",), (OFFICER, CLIENT)),
    Move("stop", (*_CHECKED, "5"), ("8",), (OFFICER,)),
)
OPERATIONS = tuple(dict.fromkeys(one.operation for one in MOVES))

# Who signs is an officer too.
_IS = {HOLDER: {HOLDER}, CLIENT: {CLIENT}, OFFICER: {OFFICER, SIGNER}}


def published(state: str) -> str:
    """Give the state as everybody may read it: `4` for each step of the work."""
    return state.partition("/")[0]


def step(state: str) -> str:
    """Give the step of the work, empty outside state 4."""
    return state.partition("/")[2]


def allowed(state: str, role: str, *, sample: bool = False) -> list[str]:
    """Give the operations this role has from a state; `sample`: of an office for trying out."""
    return [one.operation for one in MOVES if state in one.sources and _may(one, role, sample)]


def move(state: str, operation: str, role: str, *, sample: bool = False) -> Move:
    """Give the row of the table; `role` is holder, client or officer, `sample` as in `allowed`.

    Raises Forbidden for an operation that is never this role's, Conflict where the state has none.
    """
    rows = [one for one in MOVES if one.operation == operation]
    if not any(_may(one, role, sample) for one in rows):
        raise Forbidden(f"${operation} is not for a {role}; it is for: {', '.join(rows[0].who)}.")
    for row in rows:
        if state in row.sources:
            return row
    number = published(state)
    inside = f", step {step(state)}" if step(state) and role == OFFICER else ""
    told = ", ".join(f"${one}" for one in allowed(state, role, sample=sample)) or "nothing"
    raise Conflict(
        f"${operation} is not possible: the dossier is in state {number}{inside}. "
        f"From there a {role} may: {told}.",
        expression="Task.businessStatus",
    )


def _may(row: Move, role: str, sample: bool) -> bool:  # noqa: FBT001 of the office
    who = (*row.who, *row.trying) if sample else row.who
    return not _IS[role].isdisjoint(who)


def drawing() -> str:
    """Give the table as a mermaid state diagram, for the documentation."""
    return "\n".join(("stateDiagram-v2", *_names(), "  [*] --> draft", *_arrows()))


def _names() -> Iterator[str]:
    for code, state in STATES.items():
        label = f"{code} {state.name}" if published(code) != code or code.isdigit() else code
        yield f"  {_id(code)}: {label}"


def _arrows() -> Iterator[str]:
    for row in MOVES:
        for source in row.sources:
            for to in row.to:
                yield f"  {_id(source)} --> {_id(to)}: ${row.operation}"
    for code in STATES:
        if not any(code in row.sources for row in MOVES):
            yield f"  {_id(code)} --> [*]"


def _id(code: str) -> str:
    return "s" + code.replace("/", "_").replace("-", "_") if code[0].isdigit() else code
