"""What a resource has that its XML form cannot have, or the other way round."""


class Misfit(Exception):
    """A fault of one element; who calls adds the step to it: `[1]`, `.given`, `[0]`, `.name`."""

    def __init__(self, told: str) -> None:
        """Take what is wrong, as a sentence."""
        super().__init__(told)
        self.told = told
        self.steps: list[str] = []

    @property
    def place(self) -> str:
        """The way from the root: `.name[0].given[1]`."""
        return "".join(reversed(self.steps))
