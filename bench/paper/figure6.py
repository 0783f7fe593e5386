# figure6.py - the web server, by size of file and by layout.
import machine
import record
import sample
import web

TITLE = 'Figure 6: the web server by file size and layout'
QUESTION = ('How many files a second, and how many bits of them, does a web '
            'server give away over a veth: ours in each layout that fits, run '
            'to completion, and nginx?')
SIZES = (64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)
QUICK_SIZES = (64, 1024, 16384, 262144)
PAPER_RATE = 4.2e6


def one(ground, found, setup, root, sizes, kept):
    seconds = .5 if ground.quick else 2
    with web.server(ground, setup, root):
        for size in sizes:
            got = sample.attempt(found, f'{setup.name}, {size} bytes', lambda:
                                 web.load(ground, setup, size, seconds))
            keep(kept, setup.name, size, got)


def one_memif(ground, found, setup, root, sizes, kept):
    seconds = .5 if ground.quick else 2
    program = [ground.bin / 'webserver', root]
    with ground.shared_memory(setup, program) as run:
        for size in sizes:
            got = sample.attempt(
                found, f'{setup.name}, memif, {size} bytes', lambda:
                web.load_memif(ground, setup, run, size, seconds))
            keep(kept, setup.name + ', memif', size, got)


def keep(kept, name, size, got):
    if got:
        for field in ('rps', 'gbps', 'p99_us'):
            kept.add((name, size, field), got[field])


def names_of(kept):
    return list(dict.fromkeys(key[0] for key in kept.of))


def draw(found, kept, sizes):
    names = names_of(kept)
    files = record.panel(found, 'files', 'Files a second', 'bytes of a file',
                         'files a second', log='xy')
    goodput = record.panel(found, 'goodput', 'Goodput', 'bytes of a file',
                           'Gbit/s', log='x')
    for name in names:
        record.series(files, name, kept.points(
            lambda x, n=name: (n, x, 'rps'), sizes))
        record.series(goodput, name, kept.points(
            lambda x, n=name: (n, x, 'gbps'), sizes))
    record.series(files, 'paper, 36 cores', [(sizes[0], PAPER_RATE),
                                             (sizes[-1], PAPER_RATE)], True)
    layouts = record.panel(found, 'layouts', f'Files of {sizes[0]} bytes by '
                           'layout', '', 'files a second', 'bars',
                           categories=names)
    record.series(layouts, 'files a second', [
        (i, v) for i, v in enumerate(kept.median((n, sizes[0], 'rps'))
                                     for n in names) if v is not None])
    for field, title in (('rps', 'Files a second'), ('gbps', 'Gbit/s'),
                         ('p99_us', 'The 99th percentile, us')):
        record.table(found, title, ['bytes'] + names, [
            [size] + [kept.median((n, size, field)) for n in names]
            for size in sizes])


def measure(ground, found):
    sizes = QUICK_SIZES if ground.quick else SIZES
    root = web.documents(ground, sizes)
    kept = sample.Samples()
    for _ in range(1 if ground.quick else 3):
        for setup in machine.setups('nginx'):
            sample.attempt(found, setup.name, lambda s=setup: one(
                ground, found, s, root, sizes, kept))
        for setup in machine.lone('nginx'):
            if setup.apart and not setup.linux:
                sample.attempt(found, setup.name + ', memif',
                               lambda s=setup: one_memif(
                                   ground, found, s, root, sizes, kept))
    draw(found, kept, sizes)
    found['reference'].append(
        'The paper: 4.2 million requests a second on 36 cores at 1.2 GHz, '
        'drawn as a line: for which size, there is no number at hand. '
        'Protected against run to completion, within 6 % at worst.')
    found['notes'] += [
        f'{sample.CONNECTIONS} connections, closed loop; medians of the '
        'rounds, in which all take turns. The veth has no offloads on either '
        'end, the kernel runs CUBIC.',
        '"memif" is the server with one network core and its client on shared '
        'memory, each on CPUs of its own: without the kernel.',
        'On two CPUs a split instance shares both of them with its client; '
        'the others have a CPU each for server and client.']
