"""A page that says no: a status and the words that say why."""


class Refused(Exception):
    """`key` names the text in the catalogues: what happened and what to do."""

    def __init__(self, status: int, key: str) -> None:
        """Take the status of the answer and the text's key."""
        super().__init__(key)
        self.status = status
        self.key = key
