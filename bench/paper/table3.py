# table3.py - memcached in one table.
import os

import kv
import machine
import record
import sample

TITLE = 'Table 3: memcached'
QUESTION = ('How many operations a second does memcached give at most, how '
            'many with its 99th percentile under 500 us, and what does one '
            'cost?')
LIMIT_US = 500


def busy_seconds(status):
    """Of all cores of an instance, from what `dlibos status` says."""
    total = 0
    for line in status.splitlines():
        words = line.split()
        if ' core ' in line and 'busy' in words:
            total += float(words[words.index('busy') + 1])
    return total


def cpu_seconds(pid):
    """User and system time of a process of Linux's."""
    with open(f'/proc/{pid}/stat', encoding='ascii') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def spent(ground, setup, process):
    if setup.linux:
        return cpu_seconds(process.pid)
    return busy_seconds(ground.status(process))


def one(ground, found, variant, rows):
    setup = variant.setup
    seconds = .4 if ground.quick else 2
    with kv.server(ground, variant) as process:
        before = spent(ground, setup, process)
        peak = kv.load(ground, setup, seconds, what=variant.name + ', peak')
        warm = min(.3, seconds / 4)
        requests = peak['requests'] * (seconds + warm) / seconds
        cost = (spent(ground, setup, process) - before) / requests * 1e6
        kept = sample.attempt(
            found, f'{variant.name}: p99 under {LIMIT_US} us', lambda:
            kv.highest(ground, setup, seconds, peak['rps'] / 8, LIMIT_US,
                       variant.name + f', p99 under {LIMIT_US} us'))
        rows.append((variant.name, len(setup.server), peak['rps'],
                     peak['p50_us'], peak['p99_us'],
                     *(kept or (None, None)), cost))


def measure(ground, found):
    rows = []
    for variant in kv.variants(machine.contended('memcached')):
        sample.attempt(found, variant.name, lambda v=variant: one(
            ground, found, v, rows))
    record.table(found, 'USR workload', (
        'which', 'CPUs', 'most/s', 'p50 us', 'p99 us',
        f'with p99 < {LIMIT_US} us/s', 'its p99 us', 'server us/operation'),
        rows + [('paper', 36, None, None, None, 3.1e6, '< 500', None)])
    bars = record.panel(found, 'rates', 'Operations a second', '', '1/s',
                        'bars', categories=[row[0] for row in rows])
    record.series(bars, 'at most', [(i, r[2]) for i, r in enumerate(rows)])
    record.series(bars, f'p99 under {LIMIT_US} us',
                  [(i, r[5]) for i, r in enumerate(rows)
                   if r[5] is not None])
    found['reference'].append(
        'The paper: 3.1 million operations a second with p99 under 500 us on '
        '36 cores. Of the other columns there is no number at hand.')
    found['notes'] += [
        'The cost is busy time of all cores of an instance by its own '
        'counters, and for memcached user and system time of its process: '
        'without what softirqs do for it elsewhere.',
        '"CPUs" are those that the server may use.',
        'A rate of 0 means that no rate kept the limit, not even the lowest '
        'that was tried: the machine itself holds processes up for longer.']
