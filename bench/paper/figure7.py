# figure7.py - memcached: latency against rate, by size of the hash table.
import kv
import machine
import record
import sample

TITLE = 'Figure 7: memcached, latency against rate'
QUESTION = ('How long does a get wait at a given rate of the USR workload, '
            'with a small and a large table of locks: ours split, run to '
            'completion, '
            'and memcached on Linux?')
PARTS = (.1, .25, .4, .55, .7, .8, .9, 1)
QUICK_PARTS = (.2, .5, .8, 1)
PAPER_RATE, PAPER_P99_US = 3.1e6, 500


def one(ground, found, variant, points):
    setup, name = variant.setup, variant.name
    seconds = .5 if ground.quick else 2
    parts = QUICK_PARTS if ground.quick else PARTS
    with kv.server(ground, variant):
        peak = kv.load(ground, setup, seconds, what=name + ', closed loop')
        points[name] = []
        for part in parts:
            rate = peak['rps'] * part
            got = sample.attempt(
                found, f'{name} at {part:.0%}', lambda r=rate, p=part: kv.load(
                    ground, setup, seconds, r, f'{name} at {p:.0%}'))
            if got:
                points[name].append((rate, got))
        return peak


def draw(found, points, peaks):
    for field, title in (('p99_us', 'The 99th percentile'),
                         ('p50_us', 'The median')):
        lines = record.panel(found, field[:3], title, 'operations a second '
                             '(open loop: asked for)', 'us', log='xy')
        for name, got in points.items():
            record.series(lines, name, [(x, g[field]) for x, g in got])
        if field == 'p99_us':
            record.series(lines, 'paper, 36 cores', [(PAPER_RATE,
                                                      PAPER_P99_US)], True)
    record.table(found, 'Closed loop', (
        'which', 'operations/s', 'p50 us', 'p99 us'), [
            (name, p['rps'], p['p50_us'], p['p99_us'])
            for name, p in peaks.items()])
    record.table(found, 'Open loop', (
        'which', 'asked for/s', 'answered/s', 'p50 us', 'p99 us', 'p99.9 us',
        'failed'), [
            (name, rate, g['rps'], g['p50_us'], g['p99_us'], g['p999_us'],
             g['failed']) for name, got in points.items() for rate, g in got])


def measure(ground, found):
    points, peaks = {}, {}
    for variant in kv.variants(machine.contended('memcached')):
        got = sample.attempt(found, variant.name, lambda v=variant: one(
            ground, found, v, points))
        if got:
            peaks[variant.name] = got
    draw(found, points, peaks)
    found['reference'].append(
        'The paper: 3.1 million operations a second with p99 under 500 us on '
        '36 cores, USR workload, drawn as a point. For small and large lock '
        'tables apart there is no number at hand.')
    found['notes'] += [
        f'{kv.KEYS} keys, {sample.CONNECTIONS} connections, over a veth; '
        'rates are parts of what the same server gives in a closed loop. '
        'Latency counts from when a request was due: at what is too much, '
        'it is the length of the run that shows.',
        f'The hash table has 2^{kv.HASHPOWER} buckets in all of them. One '
        'application core alone takes no lock, nor do cores that run to '
        'completion, each with a store of its own; and Debian\'s memcached '
        'cannot be told how many it has.',
        'On two CPUs "dlibos 1:2" has two application cores that share one '
        'store; its three cores and the client share the CPUs.']
