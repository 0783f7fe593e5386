# kv.py - memcached, ours and Debian's, with hash tables small and large; and
# who asks it.
import contextlib

import lab
import sample

PORT = 11211
KEYS = 100000
MIB = 64
TABLES = (12, 20)  # powers of two: buckets


@contextlib.contextmanager
def server(ground, setup, hashpower):
    """Filled."""
    if setup.linux:
        serving = ground.memcached(setup, [
            '-m', MIB, '-o', f'hashpower={hashpower},no_hashexpand'])
    else:
        program = [ground.bin / 'memcached', '-m', MIB, '-o',
                   f'hashpower={hashpower}']
        serving = ground.instance(setup, program, PORT,
                                  ['--app-memory', MIB + 32])
    with serving as process:
        client(ground, setup, ['--load', 'only'], 60, 'filling')
        yield process


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
    """The highest rate that keeps the limit."""
    options = ['--load', 'skip', '-c', sample.CONNECTIONS, '-d', seconds,
               '--warm', min(.2, seconds / 4), '--rate', max(1000, int(start)),
               '--poisson', '--limit-p99', limit_us]
    return client(ground, setup, options, 25 * (seconds + 3) + 30, what)
