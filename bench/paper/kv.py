# kv.py - memcached, ours and Debian's, with hash tables small and large; and
# who asks it.
import contextlib

import lab
import sample

PORT = 11211
KEYS = 100000
MIB = 64
HASHPOWER = 18  # buckets: more than there are keys, so that none grows
SMALL, LARGE = 1, 16  # tables of locks; all these are powers of two


class Variant:
    """A setup, and what its table of locks is."""

    def __init__(self, setup, lockpower, hashpower=HASHPOWER):
        self.setup = setup
        self.lockpower = lockpower
        self.hashpower = hashpower
        self.name = setup.name
        if lockpower:
            self.name += f', {1 << lockpower} locks'

    def options(self):
        words = f'hashpower={self.hashpower}'
        if self.setup.linux:
            return words + ',no_hashexpand'
        return words + (f',lockpower={self.lockpower}' if self.lockpower
                        else '')


def variants(setups):
    """Who shares nothing takes no lock, and Linux's memcached has as many as it
    likes."""
    found = []
    for setup in setups:
        powers = (SMALL, LARGE)
        if not setup.shares:
            powers = (0,)
        found += [Variant(setup, power) for power in powers]
    return found


@contextlib.contextmanager
def server(ground, variant):
    """Filled."""
    setup = variant.setup
    options = ['-m', MIB, '-o', variant.options()]
    if setup.linux:
        serving = ground.memcached(setup, options)
    else:
        program = [ground.bin / 'memcached'] + options
        if 'rtc' in setup.options and setup.app_cores > 1:
            program += ['--mode', 'apart'] # each core is a process
        serving = ground.instance(setup, program, PORT,
                                  ['--app-memory', MIB + 32])
    with serving as process:
        fill(ground, setup)
        yield process


def fill(ground, setup):
    """A busy machine may make a connection wait too long: once more then."""
    for again in (True, True, False):
        try:
            client(ground, setup, ['--load', 'only', '--timeout', 10], 60,
                   'filling')
            return
        except lab.Failed:
            if not again:
                raise


def client(ground, setup, options, seconds, what):
    out = ground.ask(
        [ground.bin / 'kvload', '--to', lab.SERVER_IP, '--keys', KEYS, '-t',
         setup.threads] + list(options), 'client', setup.client, seconds,
        f'{setup.name}, {what}')
    return sample.result(out)


def load(ground, setup, seconds, rate=0, what=''):
    """USR; rate 0: as many as it can."""
    options = ['--load', 'skip', '-c', sample.CONNECTIONS, '-d', seconds,
               '--warm', min(.3, seconds / 4)]
    if rate:
        options += ['--rate', int(rate), '--poisson']
    return client(ground, setup, options, seconds + 30, what)


def highest(ground, setup, seconds, start, limit_us, what=''):
    """The highest rate that keeps the limit, and its 99th percentile; 0 and
    None where not even the lowest does."""
    options = ['--load', 'skip', '-c', sample.CONNECTIONS, '-d', seconds,
               '--warm', min(.2, seconds / 4), '--rate', max(1000, int(start)),
               '--poisson', '--limit-p99', limit_us]
    try:
        got = client(ground, setup, options, 25 * (seconds + 3) + 30, what)
    except lab.Failed as e:
        if 'too much' in str(e):
            return 0, None
        raise
    return got['rps'], got['p99_us']
