"""compare_limits.py - the suite's tables: sizes and lengths."""
from compare_cases import NEXT, binary, hangs, raw, text
from compare_wire import request

MIB = 1 << 20


def large(n, name='k'):
    return ('set %s 0 0 %d' % (name, n), b'v' * n)


# The item's header counts in the limit, and may differ by some bytes between
# servers; so these sizes keep 200 bytes away from it. `compare limit` prints
# where the limit really is.
VALUES = ('size of values', [
    text('%d bytes' % n, *large(n), 'mg k s v', 'append k 0 0 1', '!',
         'mg k s')
    for n in (1023, 1024, 1460, 2047, 2048, 2049, 4096, 16383, 16384, 16385,
              65535, 65536, 65537, 500000, MIB // 2 - 1, MIB // 2,
              MIB // 2 + 1, 700000, MIB - 200)
] + [
    text('too large: %d bytes' % n, 'set k 0 0 1', 'x', *large(n), 'get k')
    for n in (MIB, MIB + 1, 2 * MIB, 5 * MIB)
] + [
    text('too large for ' + c, 'set k 0 0 1', 'x',
         '%s k 0 0 %d' % (c, MIB), b'v' * MIB, 'get k')
    for c in ('add', 'replace', 'append', 'prepend')
] + [
    text('too large, noreply', 'set k 0 0 %d noreply' % MIB, b'v' * MIB,
         'get k'),
    text('append to too large', *large(MIB // 2 + 100),
         'append k 0 0 %d' % (MIB // 2), b'w' * (MIB // 2), 'mg k s'),
    text('prepend to too large', *large(MIB // 2 + 100),
         'prepend k 0 0 %d' % (MIB // 2), b'w' * (MIB // 2), 'mg k s'),
    text('append to large', *large(600000), 'append k 0 0 300000',
         b'w' * 300000, 'prepend k 0 0 3', 'abc', 'mg k s v'),
    text('ms too large', 'ms k %d' % MIB, b'v' * MIB, 'mg k v'),
    text('ms large', 'ms k 900000 c', b'v' * 900000, 'mg k s v'),
    binary('binary large', request(0x01, b'k', b'v' * 900000, bytes(8)),
           request(0x00, b'k')),
    binary('binary too large', request(0x01, b'k', b'v', bytes(8)),
           request(0x01, b'k', b'v' * MIB, bytes(8)), request(0x00, b'k')),
    text('large, many at once', *large(300000),
         'get ' + ' '.join(['k'] * 20)),
])

# A line of more than 2,048 bytes is refused before its end has come, unless
# it is a get; one that has come whole may be longer. So only the former is
# asked.
LINES = ('length of lines', [
    hangs('no end: ' + name, data)
    for name, data in (
        ('x', b'x' * 3000), ('set', b'set ' + b'k' * 3000),
        ('spaces', b' ' * 3000), ('mg', b'mg ' + b'k' * 3000),
        ('gat', b'gat 0 ' + b'k ' * 2000),
        ('delete', b'delete ' + b'd' * 4000),
        ('2,049', b'x' * 2049))
] + [
    raw('not yet too long, cut', b'x' * 2048),
    raw('spaces before get', b' ' * 90 + b'get k\r\nmn\r\n'),
    raw('200 spaces before get', b' ' * 200 + b'get k\r\nmn\r\n'),
    raw('2,000 bytes', b'x' * 2000 + b'\r\nmn\r\n'),
] + [
    text('get of %d keys' % n, 'set k 0 0 1', 'x', 'get ' + 'k ' * n)
    for n in (20, 23, 24, 25, 26, 47, 48, 49, 1000, 5000, 20000)
] + [
    text('gets of 3000 keys', 'gets ' + 'none ' * 3000),
    text('get, one of 1000 keys too long', 'set k 0 0 1', 'x', NEXT,
         'get ' + 'k ' * 500 + 'k' * 251 + ' k' * 500),
    text('pipeline of 5,000', *['get none'] * 5000),
    text('pipeline of 2,000 sets', *['set k 0 0 3\r\nabc'] * 2000, 'get k'),
])

GROUPS = [VALUES, LINES]
