"""Draws examples of a Hypothesis strategy: the same number, the same examples."""

from hypothesis import HealthCheck, Phase, given, seed, settings

QUIET = settings(
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def drawn(strategy, number, most):
    """Give `most` examples of a strategy, the first ones of the seed `number`."""
    found = []

    @seed(number)
    @settings(QUIET, max_examples=most)
    @given(strategy)
    def collect(example):
        found.append(example)

    collect()
    return found[:most]
