# table4.py - time in locks, by sizes of memcached's tables.
import collections

import cycles
import figure8
import kv
import machine
import record
import sample

TITLE = 'Table 4: time in locks'
QUESTION = ("How much of memcached's busy time goes into locks, by how many "
            'buckets and how many locks its table has?')
HASHPOWERS = (12, 16, 20)
QUICK_HASHPOWERS = (12, 20)


def variants(quick):
    """Where cores share a store; and Linux's, whose locks are its own."""
    for setup in machine.contended('memcached'):
        if not setup.linux and not setup.shares:
            continue
        for hashpower in QUICK_HASHPOWERS if quick else HASHPOWERS:
            powers = (0,) if setup.linux else (kv.SMALL, min(hashpower,
                                                             kv.LARGE))
            for power in powers:
                yield kv.Variant(setup, power, hashpower)


def measure(ground, found):
    rows = []
    for variant in variants(ground.quick):
        name = f'{variant.name}, 2^{variant.hashpower} buckets'
        got = sample.attempt(found, name, lambda v=variant:
                             figure8.kv_load(ground, v))
        if not got:
            continue
        roles, rate, _ = got
        groups = sum((g for role, g in roles.items() if not
                      role.endswith(' net')), start=collections.Counter())
        busy = groups.total() - groups['waiting']
        rows.append((variant.setup.name, 1 << variant.hashpower,
                     1 << variant.lockpower if variant.lockpower else 'its own',
                     100 * groups['locks'] / max(busy, 1), groups['locks'],
                     busy, rate))
    record.table(found, 'Busy time in locks', (
        'which', 'buckets', 'locks', '%', 'samples in locks', 'busy samples',
        'operations/s'), rows)
    bars = record.panel(found, 'locks', 'Busy time in locks', '', '%', 'bars',
                        categories=[f'{r[0]} 2^{r[1].bit_length() - 1}, '
                                    f'{r[2]}' for r in rows])
    record.series(bars, 'in locks', [(i, r[3]) for i, r in enumerate(rows)])
    found['notes'] += [
        'Samples in the functions that take and drop locks, of all of the '
        "program's that are not waiting for work; of Linux's memcached those "
        'in pthread_mutex and futex functions. Of a split instance, the '
        'application cores alone.',
        'Buckets are those at the start: a table of ours that is too small '
        'grows, its locks do not; Debian\'s is told not to grow.']
