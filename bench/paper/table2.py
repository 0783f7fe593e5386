# table2.py - messages beside what the machine itself does.
import json

import lab
import machine
import record

TITLE = 'Table 2: messages, cache lines and shared memory'
QUESTION = ('How long is a 16-byte message under way between two CPUs, and how '
            'many go through a second, beside a cache line that wanders and '
            'rings of others in shared memory?')
LATENCY = (
    ('a cache line, half a round trip (the limit)', 'raw_half_trip_ns'),
    ('one line that both write, half a round trip',
     'raw_half_shared_trip_ns'),
    ('the same, polled without a pause', 'raw_half_tight_trip_ns'),
    ('message through a FIFO', 'oneway_ns'),
    ('message through a whole edge', 'edge_oneway_ns'),
    ('ck_ring', 'ck_oneway_ns'),
    ('rte_ring', 'rte_oneway_ns'))
RINGS = (('DLibOS', 'b{}_mmsg_s'), ('ck_ring', 'b{}_ck_mmsg_s'),
         ('rte_ring', 'b{}_rte_mmsg_s'))
MESSAGE = 16


def bench(ground, name):
    """Metric: (median, spread)."""
    words = [machine.ROOT / 'bench/run', ground.bin.parent, name, '--json']
    if not (ground.bin / 'bench' / name).is_file():
        raise lab.Failed(f'{ground.bin}/bench: there is no {name}')
    if ground.quick:
        words.append('--quick')
    out = ground.ask(words, seconds=600, label=name)
    try:
        lines = [json.loads(line) for line in out.splitlines()]
        return {x['metric']: (x['value'], x['spread']) for x in lines}
    except (ValueError, KeyError) as e:
        raise lab.Failed(f'{name}: not the JSON of a bench') from e


def latency(found, got):
    rows = [(what, *got[metric], got[metric][0] /
             got['raw_half_trip_ns'][0])
            for what, metric in LATENCY if metric in got]
    record.table(found, 'One way', ('', 'ns', 'spread', 'to the limit'), rows)
    bars = record.panel(found, 'latency', 'One way', '', 'ns', 'bars',
                        categories=[row[0] for row in rows])
    record.series(bars, 'ns', [(i, row[1]) for i, row in enumerate(rows)])


def throughput(found, got):
    batches = [b for b in (1, 2, 4, 8, 16, 32) if f'b{b}_mmsg_s' in got]
    lines = record.panel(found, 'throughput', 'Messages through one ring',
                         'messages a batch', 'million a second', log='x')
    rows = []
    for name, metric in RINGS:
        points = [(b, got[metric.format(b)][0]) for b in batches
                  if metric.format(b) in got]
        record.series(lines, name, points)
        rows += [(f'{name}, {b} a batch', v, v * MESSAGE / 1e3)
                 for b, v in points if b in (1, 8, 32)]
    record.table(found, 'Throughput', ('', 'M/s', 'GB/s'), rows)


def measure(ground, found):
    if len(machine.may()) < 2:
        raise lab.Failed('two CPUs are needed, and there is only one')
    bench(ground, 'cacheline')
    latency(found, bench(ground, 'fifo_latency'))
    throughput(found, bench(ground, 'fifo_throughput'))
    found['notes'].append('Times depend on how near the two CPUs are; only '
                          'ratios within a run compare.')
