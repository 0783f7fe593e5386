# sample.py - what figures have in common: rounds in which all contenders take
# turns, and medians of them.
import json
import statistics

import lab

CONNECTIONS = 64


class Samples:
    """Values by key; the median of each counts."""

    def __init__(self):
        self.of = {}

    def add(self, key, value):
        self.of.setdefault(key, []).append(value)

    def median(self, key):
        values = self.of.get(key)
        return statistics.median(values) if values else None

    def points(self, make_key, xs):
        """Pairs of x and median, of those that there are."""
        found = [(x, self.median(make_key(x))) for x in xs]
        return [(x, y) for x, y in found if y is not None]


def attempt(found, what, work):
    """What fails is noted once and leaves the others alone; its result, or
    None."""
    try:
        return work()
    except lab.Failed as e:
        line = f'{what}: {e}'
        if line not in found['missing']:
            found['missing'].append(line)
        return None


def result(text):
    """A load generator's line."""
    try:
        got = json.loads(text)
        if got['requests'] < 1:
            raise lab.Failed('nothing was answered')
        return got
    except (ValueError, KeyError, TypeError) as e:
        raise lab.Failed('the load generator said no result') from e
