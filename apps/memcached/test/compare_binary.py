"""compare_binary.py - the suite's tables: the binary protocol."""
import struct

from compare_cases import CAS, NEXT, binary, binary_raw
from compare_wire import request as q

GET, SET, ADD, REPLACE, DELETE, INCR, DECR, QUIT, FLUSH, GETQ = range(10)
NOOP, VERSION, GETK, GETKQ, APPEND, PREPEND, STAT = range(10, 17)
SETQ, ADDQ, REPLACEQ, DELETEQ, INCRQ, DECRQ, QUITQ, FLUSHQ = range(17, 25)
APPENDQ, PREPENDQ, VERBOSITY, TOUCH, GAT, GATQ = range(25, 31)
GATK, GATKQ = 0x23, 0x24


def fe(flags=0, exptime=0):
    return struct.pack('>II', flags, exptime)


def store(op, key=b'k', value=b'abc', flags=7, exptime=0, **more):
    return q(op, key, value, fe(flags, exptime), **more)


def arith(op, delta=1, initial=0, exptime=0, key=b'n', **more):
    return q(op, key, extras=struct.pack('>QQI', delta, initial, exptime),
             **more)


def time(op, exptime=0, key=b'k', **more):
    return q(op, key, extras=struct.pack('>I', exptime), **more)


NONE = 0xffffffff
SOME = store(SET)
KEY250, KEY251 = b'k' * 250, b'k' * 251
NAMES = {v: k for k, v in globals().items()
         if k.isupper() and isinstance(v, int) and v < 0x30}

GETTING = ('binary get', [
    binary('%s of %s' % (NAMES[op], key.decode()), SOME,
           q(op, key, opaque=0x01020304))
    for op in (GET, GETQ, GETK, GETKQ) for key in (b'k', b'none')
] + [
    binary('%s %d of %s' % (NAMES[op], e, key.decode()), SOME,
           time(op, e, key, opaque=9), q(GET, b'k'))
    for op in (TOUCH, GAT, GATQ, GATK, GATKQ) for e in (0, 100, NONE)
    for key in (b'k', b'none')
] + [
    binary('quiet ones and a noop', SOME, *[
        q(GETKQ, k, opaque=i) for i, k in
        enumerate((b'a', b'k', b'b', b'k'))], q(NOOP, opaque=99)),
    binary('an empty value', store(SET, value=b''), q(GET, b'k'),
           q(GETK, b'k')),
    binary('a long key', store(SET, KEY250), q(GETK, KEY250)),
    binary('a key too long', store(SET, KEY251), q(GETK, KEY251)),
    binary('a key with spaces and zeros', store(SET, b'a b\0\r\n'),
           q(GETK, b'a b\0\r\n'), q(GETK, b'a b')),
    binary('get with cas', SOME, q(GET, b'k', cas=5)),
    binary('get with vbucket', SOME, q(GET, b'k', vbucket=3)),
    binary('get with a datatype', SOME, q(GET, b'k', datatype=1)),
])

STORING = ('binary storing', [
    binary('%s%s' % (NAMES[op], on), *before, store(op, value=b'new',
                                                    opaque=8), q(GET, b'k'))
    for op in (SET, ADD, REPLACE, SETQ, ADDQ, REPLACEQ)
    for on, before in ((' on nothing', ()), (' on something', (SOME,)))
] + [
    binary('%s%s' % (NAMES[op], on), *before, q(op, b'k', b'+'), q(GET, b'k'))
    for op in (APPEND, PREPEND, APPENDQ, PREPENDQ)
    for on, before in ((' on nothing', ()), (' on something', (SOME,)))
] + [
    binary('%s%s' % (NAMES[op], on), *before, q(op, b'k', opaque=5),
           q(GET, b'k'))
    for op in (DELETE, DELETEQ)
    for on, before in ((' on nothing', ()), (' on something', (SOME,)))
] + [
    binary('%s with right cas' % NAMES[op], SOME, store(op, cas=CAS,
                                                        value=b'new'),
           q(GET, b'k')) for op in (SET, ADD, REPLACE, SETQ, REPLACEQ)
] + [
    binary('%s with wrong cas' % NAMES[op], SOME, store(op, cas=1 << 60),
           q(GET, b'k')) for op in (SET, ADD, REPLACE, SETQ, REPLACEQ)
] + [
    binary('%s with %s cas' % (NAMES[op], name), SOME, q(op, b'k', v, cas=c),
           q(GET, b'k'))
    for op, v in ((APPEND, b'+'), (PREPENDQ, b'+'), (DELETE, b''),
                  (DELETEQ, b''))
    for name, c in (('right', CAS), ('wrong', 1 << 60))
] + [
    binary('%s with cas on nothing' % NAMES[op], store(op, cas=77),
           q(GET, b'k')) for op in (SET, ADD, REPLACE)
] + [
    binary('exptime %d' % e, store(SET, exptime=e), q(GET, b'k'))
    for e in (0, 100, 2592000, 2592001, 2147483647, 0x80000000, NONE)
] + [
    binary('flags %x' % f, store(SET, flags=f), q(GET, b'k'))
    for f in (0, 1, 0x80000000, NONE)
])

# See ZEROS of compare_classic.py.
ZEROS = tuple(store(SET, k, bytes(30)) for k in (b'n', b'm', b'o')) + tuple(
    q(DELETE, k) for k in (b'n', b'm', b'o'))
COUNTING = ('binary counting', [
    binary('%s by %d on %s' % (NAMES[op], d, v.decode()),
           *ZEROS, store(SET, b'n', v), arith(op, d, opaque=4), q(GET, b'n'))
    for op in (INCR, DECR, INCRQ, DECRQ)
    for d, v in ((1, b'10'), (0, b'5'), (100, b'99'), (1 << 63, b'7'),
                 (1, b'18446744073709551615'), (1, b'x'), (1, b''),
                 ((1 << 64) - 1, b'1'))
] + [
    binary('%s made with %d for %d' % (NAMES[op], i, e),
           *ZEROS, arith(op, 3, i, e), arith(op, 3, i, e), q(GET, b'n'))
    for op in (INCR, DECR, INCRQ, DECRQ) for i in (0, 5, (1 << 64) - 1)
    for e in (0, 100, NONE)
] + [
    binary('%s with %s cas' % (NAMES[op], name), store(SET, b'n', b'5'),
           arith(op, cas=c), q(GET, b'n'))
    for op in (INCR, DECRQ) for name, c in (('right', CAS), ('wrong', 9999))
] + [
    binary('made with cas', arith(INCR, 1, 5, 0, cas=77), q(GET, b'n')),
])

OTHERS = ('binary others', [
    binary('noop', q(NOOP, opaque=1)),
    binary('version', q(VERSION)),
    binary('flush', SOME, q(FLUSH), q(GET, b'k')),
    binary('flushq', SOME, q(FLUSHQ), q(GET, b'k')),
    binary('flush 0', SOME, q(FLUSH, extras=bytes(4)), q(GET, b'k')),
    binary('flush 100', SOME, time(FLUSH, 100, b''), q(GET, b'k')),
    binary('verbosity', q(VERBOSITY, extras=bytes(4))),
    binary('stat', q(STAT, b'reset'), SOME, q(GET, b'k'), q(STAT)),
    binary('stat of something unknown', q(STAT, b'nothing')),
    binary('stat reset', q(STAT, b'reset')),
    binary_raw('quit', q(NOOP), q(QUIT, opaque=3) + q(NOOP)),
    binary_raw('quitq', q(NOOP), q(QUITQ, opaque=3) + q(NOOP)),
] + [
    binary('opcode 0x%02x' % op, q(op, opaque=6))
    for op in (0x1f, 0x25, 0x30, 0x40, 0x7f, 0x80, 0xff)
] + [
    binary('opcode 0x%02x with a body' % op, q(op, b'key', b'value'))
    for op in (0x1f, 0x25, 0x30, 0x40, 0x7f, 0x80, 0xff)
] + [
    binary('SASL 0x%02x' % op, q(op)) for op in (0x20, 0x21, 0x22)
])

LENGTHS = ('binary lengths', [
    binary('%s with nothing' % NAMES[op], SOME, NEXT, q(op), q(GET, b'k'))
    for op in sorted(NAMES) if op not in (QUIT, QUITQ, STAT, FLUSH, FLUSHQ)
] + [
    binary('%s with all of key, value, extras' % NAMES[op], SOME, NEXT,
           q(op, b'k', b'v', fe()), q(GET, b'k'))
    for op in sorted(NAMES)
] + [
    binary('%s with 3 bytes of extras' % NAMES[op], SOME, NEXT,
           q(op, b'k', extras=b'abc'), q(GET, b'k'))
    for op in sorted(NAMES)
] + [
    binary('%s with a value' % NAMES[op], SOME, NEXT, q(op, b'k', b'value'),
           q(GET, b'k')) for op in sorted(NAMES)
] + [
    binary('key longer than the body', q(GET, b'k', keylen=9)),
    binary('extras longer than the body', q(SET, b'k', b'v', extlen=200)),
    binary('body shorter than its parts', q(SET, b'k', b'v', fe(),
                                            bodylen=3)),
    binary_raw('cut in the header', q(NOOP), q(NOOP)[:13]),
    binary_raw('cut in the body', q(NOOP), SOME[:-1], cut=True),
    binary_raw('wrong magic', q(NOOP), q(NOOP, magic=0x82) + q(NOOP)),
    binary_raw('an answer\'s magic', q(NOOP), q(NOOP, magic=0x81) + q(NOOP)),
    binary_raw('an answer\'s magic first', q(NOOP, magic=0x81)),
    binary_raw('text on a binary connection', q(NOOP), b'get k\r\n' * 10),
    binary_raw('a body of 4 GiB', q(NOOP), q(SET, b'k', b'v', fe(),
                                              bodylen=NONE),
               cut=True),
    binary_raw('a body of 2 GiB', q(NOOP), q(SET, b'k', b'v', fe(),
                                              bodylen=0x80000000),
               cut=True),
    binary_raw('a noop of 4 GiB', q(NOOP, bodylen=NONE)),
    binary_raw('a get of 1 MiB', q(GET, b'k' * 65535, b'v' * 1000000)),
])

GROUPS = [GETTING, STORING, COUNTING, OTHERS, LENGTHS]
