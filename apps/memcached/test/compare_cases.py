"""compare_cases.py - how the tables of the suite are written."""
from collections import namedtuple

NEXT = object()  # between lines: wait for the answers so far
CAS = 0xca5ca5ca5ca5ca5c  # in a binary request: the last cas number

# raw: the bytes are all; no no-op is added to see that the connection lives,
# and a step before the last one has to end with a no-op.
# stays: the client does not half-close either, the server has to hang up.
# cut: the last request never comes whole.
# seconds: a pause before the last step.
Case = namedtuple('Case', 'name steps binary raw stays cut seconds')


def lines(items):
    """Steps from lines; a line with {cas} needs the answers before it."""
    steps, step = [], b''
    for item in items:
        if item is NEXT:
            steps.append(step)
            step = b''
            continue
        if isinstance(item, str):
            item = item.encode('latin-1')
        if b'{cas' in item and step:
            steps.append(step)
            step = b''
        step += item + b'\r\n'
    steps.append(step)
    return steps


def text(name, *items, cut=False, seconds=0):
    return Case(name, lines(items), False, False, False, cut, seconds)


def raw(name, data, cut=False):
    return Case(name, [data], False, True, False, cut, 0)


def hangs(name, data):
    return Case(name, [data], False, True, True, False, 0)


def binary(name, *packets, seconds=0):
    steps, step = [], b''
    for p in packets:
        if p is NEXT:
            steps.append(step)
            step = b''
            continue
        if CAS.to_bytes(8, 'big') in p and step:
            steps.append(step)
            step = b''
        step += p
    steps.append(step)
    return Case(name, steps, True, False, False, False, seconds)


def binary_raw(name, *steps, cut=False):
    return Case(name, list(steps), True, True, False, cut, 0)
