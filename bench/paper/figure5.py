# figure5.py - NetPIPE: how long messages are under way, and at what rate.
import json

import lab
import machine
import record
import sample

TITLE = 'Figure 5: NetPIPE, goodput by size of message'
QUESTION = ('How long is a message under way between two programs that send '
            'it to and fro, and what goodput is that: copied and not, over '
            'shared memory and a veth, beside NetPIPE on Linux?')
LARGEST = 1 << 20
QUICK_LARGEST = 1 << 18
WAYS = (('copy', []), ('nocopy', ['--nocopy']))
PORT = 5002


def rows_of(text):
    """(bytes, one way in us, Gbit/s) of our client's lines. Its own goodput is
    of all trips together, which says most about who else wanted the CPUs."""
    try:
        return [(x['size'], x['oneway_us'], x['size'] * 8e-3 / x['oneway_us'])
                for x in map(json.loads, text.splitlines())]
    except (ValueError, KeyError, TypeError, ZeroDivisionError) as e:
        raise lab.Failed('netpipe said no results') from e


def largest(ground):
    return QUICK_LARGEST if ground.quick else LARGEST


def words(ground, to, how):
    asked = [ground.bin / 'netpipe', '--to', to, '--size', largest(ground),
             '--json'] + how
    return asked + ['--count', 30 if ground.quick else 300]


def memif(ground, setup, how):
    server = [ground.bin / 'netpipe', '--size', largest(ground)] + how
    polls = ['--idle', 'poll'] if setup.apart else []
    with ground.shared_memory(setup, server, polls) as run:
        return rows_of(ground.ask(
            [ground.bin / 'dlibos'] + run +
            ['--'] + words(ground, lab.MEMIF_SERVER_IP, how), None,
            setup.client[:1], 300, f'{setup.name}, memif'))


def veth(ground, setup, how):
    """Our client on the far end of the veth, which has no address of the
    kernel's, as its own end has none."""
    server = [ground.bin / 'netpipe', '--size', largest(ground)] + how
    with ground.bare_instance(setup, server) as port:
        run = ['run', '--name', ground.name + 'np']
        # A client with a CPU to itself has no room for two processes.
        run += (['--mode', 'rtc'] if setup.apart and len(setup.client) == 1
                else setup.options)
        return rows_of(ground.ask(
            [ground.bin / 'dlibos'] + run +
            ['--port', port, '--ip', lab.CLIENT_IP + '/24', '--'] +
            words(ground, lab.SERVER_IP, how), 'client', setup.client, 300,
            f'{setup.name}, veth'))


def linux(ground, setup):
    """NPtcp's file has bytes, Mbit/s and seconds one way."""
    out = ground.dir / 'np.out'
    asked = ['NPtcp', '-h', lab.SERVER_IP, '-o', out, '-u', largest(ground),
             '-p', 0]
    with ground.kernel_link():
        server = ground.start(['NPtcp', '-p', 0] + (
            ['-n', 30] if ground.quick else []), 'server', setup.server)
        try:
            ground.listens(5002, server)
            ground.ask(asked + (['-n', 30] if ground.quick else []), 'client',
                       setup.client, 300, 'NPtcp')
        finally:
            ground.end(server)
    try:
        lines = out.read_text(encoding='ascii').splitlines()
        rows = [[float(word) for word in line.split()] for line in lines]
        found = [(int(r[0]), r[2] * 1e6, r[1] / 1e3) for r in rows]
    except (OSError, ValueError, IndexError) as e:
        raise lab.Failed('NPtcp wrote no results') from e
    ground.raw.append({'label': 'NPtcp, its file', 'command': 'NPtcp',
                       'output': found})
    return found


def draw(found, got):
    way = record.panel(found, 'oneway', 'One way', 'bytes', 'us', log='xy')
    goodput = record.panel(found, 'goodput', 'Goodput', 'bytes', 'Gbit/s',
                           log='xy')
    for name, rows in got.items():
        record.series(way, name, [(r[0], r[1]) for r in rows])
        record.series(goodput, name, [(r[0], r[2]) for r in rows])
    record.series(way, 'paper', [(64, 6)], True)
    record.series(way, 'paper, Linux', [(64, 31)], True)
    sizes = sorted({size for rows in got.values() for size, _, _ in rows
                    if size & (size - 1) == 0})
    for column, title in ((1, 'One way, us'), (2, 'Goodput, Gbit/s')):
        record.table(found, title, ['bytes'] + list(got), [
            [size] + [{r[0]: r[column] for r in rows}.get(size)
                      for rows in got.values()] for size in sizes])


def measure(ground, found):
    got = {}

    def keep(name, work):
        rows = sample.attempt(found, name, work)
        if rows:
            got[name] = rows

    for setup in machine.lone('NPtcp'):
        if setup.linux:
            keep('NPtcp, veth', lambda s=setup: linux(ground, s))
            continue
        for how, option in WAYS:
            if setup.apart:
                keep(f'{setup.name}, memif, {how}', lambda s=setup, o=option:
                     memif(ground, s, o))
            keep(f'{setup.name}, veth, {how}', lambda s=setup, o=option:
                 veth(ground, s, o))
    draw(found, got)
    found['reference'].append(
        'The paper: 64 bytes one way in 6 us, and on Linux in 31 us. Of '
        'goodput there is no number at hand.')
    found['notes'] += [
        '"memif" polls on both sides; over the veth a core that waits long '
        'enough sleeps, as NPtcp does.',
        "Ours are medians of all trips, and goodput is that of the median; "
        "NPtcp's are what it reports. What a raw result calls gbps is of all "
        'trips together.',
        'Where a split instance is at both ends of a veth on two CPUs, four '
        'loops share them.']
