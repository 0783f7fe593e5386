"""compare_classic.py - the suite's tables: the classic text protocol."""
from compare_cases import NEXT, raw, text

K250 = 'k' * 250
K251 = 'k' * 251
BIG = '18446744073709551615'


def each(name, before, items, after=()):
    """A case for each line in `items`, between `before` and `after`."""
    return [text('%s: %s' % (name, i if len(i) < 60 else i[:50] + '...'),
                 *before, i, *after) for i in items]


SET = ('set k 5 0 3', 'abc')
GET = ('get k',)
STORES = ('set', 'add', 'replace', 'append', 'prepend')

STORING = ('storing', [
    text('%s%s%s' % (s, on, q), *before, '%s k 7 0 2%s' % (s, q), 'xy',
         'gets k')
    for s in STORES for q in ('', ' noreply')
    for on, before in ((' on nothing', ()), (' on something', SET))
] + [
    text('no bytes', 'set k 0 0 0', '', *GET),
    text('one byte', 'set k 0 0 1', 'x', *GET),
    text('CR and LF as data', 'set k 0 0 6', '\r\n\r\n\r\n', *GET),
    text('all bytes', 'set k 0 0 256', bytes(range(256)), *GET),
    text('append and prepend keep flags', *SET, 'append k 9 100 2', 'de',
         'prepend k 8 100 2', '__', 'gets k'),
    text('append nothing', *SET, 'append k 0 0 0', '', *GET),
    text('many in a row', *[x for i in range(50)
                            for x in ('set k%d 0 0 2' % i, '%02d' % i)],
         'get ' + ' '.join('k%d' % i for i in range(50))),
    text('the longest key', 'set %s 0 0 1' % K250, 'x', 'get ' + K250),
] + [text('key too long: ' + s, '%s %s 0 0 1' % (s, K251), 'x', 'get k')
     for s in STORES] +
    [text('key with %r' % c, b'set a' + c + b'b 0 0 1', b'x',
          b'get a' + c + b'b')
     for c in (b'\0', b'\1', b'\t', b'\r', b'\x0b', b'\x7f', b'\x80', b'\xff')]
)

NUMBERS = ('numbers of storing', [
    text('flags ' + f, 'set k %s 0 1' % f, 'x', *GET)
    for f in ('0', '1', '65535', '65536', '4294967295', '4294967296', BIG,
              '-1', '+1', '1x', 'x', '0x10', '007', '1.5')
] + [
    text('exptime ' + e, 'set k 0 %s 1' % e, 'x', *GET, 'mg k t')
    for e in ('0', '1000', '-1', '-100', '2592000', '2592001', '2147483647',
              '2147483648', '4294967295', '-2147483648', '-2147483649', BIG,
              'x', '1x', '0x10')
] + [
    text('length ' + n, 'set k 0 0 ' + n, 'x', *GET, cut=len(n) > 6)
    for n in ('-1', '-2', '+1', '01', 'x', '1x', '2147483647', '2147483646',
              '2147483645', '2147483648', '4294967295', '4294967296',
              '-2147483648')
] + [text('length %s for %s' % (n, s), *SET, '%s k 0 0 %s' % (s, n), 'x', *GET,
          cut=len(n) > 6) for s in STORES for n in ('-1', '99999999')])

# A get with an error takes along what was not sent of earlier answers.
ALONE = (*SET, NEXT)
SHAPE = ('shape of lines', each('storing', ALONE, [
    'set', 'set ', 'set k', 'set k 0', 'set k 0 0', 'set k 0 0 ', 'add k 0',
    'set k 0 0 1 noreply x', 'set k 0 0 noreply', 'cas', 'cas k 0 0 1',
    'cas k 0 0', 'append k', 'prepend'], GET) + each('command', ALONE, [
    '', ' ', '   ', 'x', 'GET k', 'Get k', 'SET k 0 0 1', 'getx k', 'ge k',
    'get', 'get ', 'gets', 'gets ', ' get k', '  get   k', 'get k ', 'get\tk',
    'get k\t', 'get k\0', '\0get k', 'delete', 'incr', 'incr k', 'decr',
    'decr k', 'touch', 'touch k', 'gat', 'gat 0', 'gats', 'gats 0', 'gat k',
    'version x', 'versions', 'quitx', 'mnx', 'stat', 'setx k 0 0 1',
    'verbosity', 'verbosity x', 'verbosity 1', 'verbosity 0 0',
    'verbosity 0 noreply', 'verbosity noreply', 'flush_all x', 'flush_all 0',
    'flush_all -1', 'flush_all 0 noreply', 'flush_all noreply',
    'flush_all 0 0', 'flush_allx', 'shutdown', 'misbehave', 'get %s' % K250,
    'get %s' % K251, 'gets %s' % K251, 'get k %s k' % K251,
    'gat 0 %s' % K251, 'delete %s' % K251, 'incr %s 1' % K251,
    'decr %s 1' % K251, 'touch %s 0' % K251,
    'get ' + ' '.join('k' * 30), 'incr k 1 2 3 4 5 6 7',
    'delete ' + ' '.join('a' * 30), 'x ' * 40, 'cache_memlimit',
    'cache_memlimit x', 'slabs', 'slabs x', 'slabs automove',
    'slabs reassign', 'lru', 'lru x', 'lru_crawler', 'lru_crawler x',
    'extstore', 'debugitem', 'bye', '\x80', '\xff\xfe'], GET) + [
    raw('LF alone', b'set k 0 0 1\nx\r\nget k\nget k\r\nmn\n'),
    raw('LF alone after data', b'set k 0 0 1\r\nx\nget k\r\nmn\r\n'),
    raw('CR alone', b'get k\rget k\r\nmn\r\n'),
    raw('CR CR LF', b'set k 0 0 1\r\r\nx\r\nget k\r\r\nmn\r\n'),
    raw('cut in the line', b'get k'),
    raw('cut before LF', b'get k\r'),
    raw('cut in the data', b'mn\r\nset k 0 0 10\r\nabc', cut=True),
    raw('nothing at all', b''),
    raw('quit', b'mn\r\nquit\r\nmn\r\n'),
    raw('quit with words', b'mn\r\nquit noreply\r\nmn\r\n'),
    raw('HTTP', b'GET / HTTP/1.1\r\nHost: x\r\n\r\nmn\r\n'),
])

BAD_DATA = ('bad data', [
    raw('%s, data %r for 3' % (s, d), b'set k 1 0 1\r\nx\r\n' + s.encode() +
        b' k 0 0 3\r\n' + d + b'\r\nget k\r\nmn\r\n')
    for s in STORES for d in (b'ab', b'abcd', b'abcde', b'abcdefghij', b'')
] + [
    raw('noreply, too long', b'set k 0 0 3 noreply\r\nabcdef\r\nget k\r\n'
        b'mn\r\n'),
    raw('noreply, too short', b'set k 0 0 3 noreply\r\na\r\nget k\r\nmn\r\n'),
    raw('CR X', b'set k 0 0 3\r\nabc\rXget k\r\nmn\r\n'),
    raw('X LF', b'set k 0 0 3\r\nabcX\nget k\r\nmn\r\n'),
    raw('cas, too long', b'cas k 0 0 3 1\r\nabcdef\r\nmn\r\n'),
])

READING = ('reading', [
    text('%s of nothing' % c, c + ' k') for c in ('get', 'gets')
] + [
    text('%s twice the same' % c, *SET, c + ' k k') for c in ('get', 'gets')
] + [
    text('some of many', 'set a 1 0 1', '1', 'set c 3 0 3', '333',
         'get a b c d', 'gets d c b a'),
    text('100 keys in a line', *SET, 'get ' + ' '.join(['k'] * 100)),
    text('gets after each change', *SET, 'gets k', 'touch k 0', 'gets k',
         'append k 0 0 1', 'd', 'gets k', 'set n 0 0 1', '5', 'gets n',
         'incr n 1', 'gets n', 'gets k n'),
] + each('gat', ALONE, ['gat 0 k', 'gat 100 k', 'gat -1 k', 'gat x k',
                      'gats 0 k', 'gats 100 k k', 'gats -1 k', 'gat 0 none',
                      'gats 0 none', 'gat 0 k none k', 'gat 1x k',
                      'gat 2592001 k', 'gat %s k' % BIG,
                      'gat 0 k noreply'], ('get k', 'mg k t')))

CAS_ = ('cas', [
    text('the right number', *SET, 'gets k', 'cas k 1 0 2 {cas}', 'xy',
         'gets k'),
    text('the number of before', *SET, 'gets k', NEXT, 'cas k 1 0 2 {cas}',
         'xy', 'cas k 1 0 2 {cas}', 'zz', 'gets k'),
    text('noreply', *SET, 'gets k', 'cas k 1 0 2 {cas} noreply', 'xy',
         'gets k'),
    text('another number', *SET, 'gets k', 'cas k 1 0 2 {cas+1}', 'xy',
         'gets k'),
    text('a smaller number', *SET, 'gets k', 'cas k 1 0 2 {cas-1}', 'xy',
         'gets k'),
    text('no such key', 'cas k 1 0 2 1', 'xy', 'gets k'),
    text('no such key, noreply', 'cas k 1 0 2 1 noreply', 'xy', 'gets k'),
    text('too large', *SET, 'cas k 0 0 2000000 1', 'x' * 2000000, *GET),
    text('too large a key', 'cas %s 0 0 1 1' % K251, 'x', *GET),
] + [text('number ' + n, *SET, 'cas k 1 0 2 ' + n, 'xy', 'get k')
     for n in ('0', '-1', 'x', '1x', BIG, BIG + '0')])

DELETE = ('delete', each('delete', SET, [
    'delete k', 'delete k 0', 'delete k 1', 'delete k -1', 'delete k x',
    'delete k noreply', 'delete k 0 noreply', 'delete k 1 noreply',
    'delete none', 'delete none noreply', 'delete k 0 0', 'delete k k k'],
    ('get k', 'delete k', 'add k 0 0 1', 'n', 'get k')))

# memcached 1.6.18 looks for a minus behind the end of a number of 2^63 or
# more, and refuses it by what lay there before. So zeros are put there first,
# in a value that lies in the same slab class.
ZEROS = tuple(x for k in 'nmo' for x in ('set %s 3 0 30' % k, '\0' * 30)) + (
    'delete n', 'delete m', 'delete o')
NUMBERS_IN = ('0', '1', '5', '9', '10', '99', '100', '007', BIG,
              '18446744073709551614', '9223372036854775807',
              '18446744073709551616', '99999999999999999999', '+1', ' 1',
              '1 ', '1x', 'x', '', '1.5', '0x1f', '12345678901234567890123',
              '-1')
# A number that gets shorter keeps its length in spaces, unless an answer that
# holds it is still being sent; so the value is read at the end only. An answer
# with the size holds it too, and is awaited.
ARITH = ('incr and decr', [
    text('%s %s by %s' % (c, v or 'nothing', d), *ZEROS,
         'set n 3 0 %d' % len(v), v, '%s n %s' % (c, d), 'mg n s f', NEXT,
         '%s n %s' % (c, d), 'get n')
    for c in ('incr', 'decr') for v in NUMBERS_IN
    for d in ('1', '10', BIG)
] + each('delta', ('set n 0 0 2', '50'), [
    '%s n %s' % (c, d) for c in ('incr', 'decr')
    for d in ('0', '-1', '+1', 'x', '1x', '18446744073709551616', '1.5', '007',
              '1 noreply', '1 x', '0x10', '49', '50', '51')], ('get n',)) + [
    text('none there', 'incr n 1', 'decr n 1', 'incr n 1 noreply', 'get n'),
    text('length stays', 'set n 0 0 3', '100', 'decr n 1', 'mg n s', NEXT,
         'decr n 90', 'mg n s', NEXT, 'incr n 991', 'mg n s', NEXT,
         'incr n 1', 'get n'),
    text('length grows by one each', 'set n 9 0 1', '9', *[
        'incr n %d' % (9 * 10 ** i) for i in range(1, 19)], 'gets n'),
    text('append to a number', 'set n 0 0 2', '10', 'decr n 1',
         'append n 0 0 1', '5', 'mg n s', NEXT, 'incr n 1', 'get n'),
])

TOUCH = ('touch', each('touch', SET, [
    'touch k 0', 'touch k 100', 'touch k -1', 'touch k x', 'touch k 1x',
    'touch k 100 noreply', 'touch k -1 noreply', 'touch none 0',
    'touch none 0 noreply', 'touch k 2592000', 'touch k 2592001',
    'touch k 0 0', 'touch k ' + BIG], ('gets k', 'mg k t')))

TIMES = ('time', [
    text('a second', 'set t1 0 1 1', 'x', NEXT, 'get t1', 'add t1 0 0 1', 'y',
         'get t1', seconds=2.3),
    text('a hundred', 'set t2 0 100 1', 'x', NEXT, 'get t2', 'mg t2 t h l',
         seconds=2.3),
    text('touched away', 'set t3 0 0 1', 'x', 'touch t3 1', NEXT, 'get t3',
         'touch t3 0', seconds=2.3),
    text('touched to stay', 'set t4 0 1 1', 'x', 'touch t4 0', NEXT, 'get t4',
         seconds=2.3),
    text('gat', 'set t5 0 0 1', 'x', 'gat 1 t5', NEXT, 'gat 0 t5',
         seconds=2.3),
    text('gone for incr, delete, append, replace, cas', *[
        'set t6%s 0 1 1' % c + '\r\n1' for c in 'abcde'], NEXT,
        'incr t6a 1', 'delete t6b', 'append t6c 0 0 1', 'x',
        'replace t6d 0 0 1', 'x', 'cas t6e 0 0 1 1', 'x', seconds=2.3),
    text('append keeps the time', 'set t7 0 1 1', 'x', 'append t7 0 0 1', 'y',
         NEXT, 'get t7', seconds=2.3),
    text('incr keeps the time', 'set t8 0 1 1', '1', 'incr t8 1', 'incr t8 99',
         NEXT, 'get t8', seconds=2.3),
    text('mg T', 'set t9 0 1 1', 'x', 'mg t9 T100 t', NEXT, 'mg t9 v t',
         seconds=2.3),
    text('ma T', 'set ta 0 1 1', '1', 'ma ta T0 t v', NEXT, 'mg ta v t',
         seconds=2.3),
    text('vivified', 'mg tb N1 v', NEXT, 'mg tb v', seconds=2.3),
])

FLUSH = ('flush and stats', [
    text('flush_all', *SET, 'flush_all', 'get k', 'add k 0 0 1', 'n', 'get k'),
    text('flush_all noreply', *SET, 'flush_all noreply', 'get k'),
    text('flush_all 100', *SET, 'flush_all 100', 'get k'),
    text('flush_all of long ago', *SET, 'flush_all 2592001', 'get k'),
    text('flush_all 100 and of long ago', *SET, 'flush_all 100',
         'flush_all 1000000000', 'get k', 'flush_all', 'get k'),
    text('flush_all and incr', 'set n 0 0 1', '1', 'flush_all', 'incr n 1',
         'append n 0 0 1', 'x', 'touch n 0', 'delete n'),
    text('stats of commands', 'stats reset', *SET, 'get k none', 'gets k',
         'incr k 1', 'set n 0 0 1', '1', 'incr n 1', 'decr n 1', 'incr o 1',
         'decr o 1', 'touch k 0', 'touch o 0', 'delete k', 'delete k',
         'gat 0 n', 'gat 0 o', 'cas n 0 0 1 1', 'x', 'cas o 0 0 1 1', 'x',
         'mg n v', 'mg o v', 'stats'),
    text('version', 'version'),
] + each('stats', (), ['stats reset', 'stats x', 'stats detail',
                       'stats detail x', 'stats cachedump',
                       'stats sizes_x', 'stats reset x']))

GROUPS = [STORING, NUMBERS, SHAPE, BAD_DATA, READING, CAS_, DELETE, ARITH,
          TOUCH, TIMES, FLUSH]
