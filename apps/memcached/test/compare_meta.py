"""compare_meta.py - the suite's tables: the meta commands."""
from compare_cases import NEXT, raw, text
from compare_classic import K250, K251, ZEROS, each

SET = ('set k 5 100 3', 'abc')
SHOW = ('mg k v f t s h c',)
B64 = 'a2V5IHdpdGggc3BhY2Vz'  # of a key with spaces
LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

GETS = ('meta get', each('mg', SET, [
    'mg k', 'mg none', 'mg k v', 'mg k k v', 'mg k f', 'mg k s', 'mg k t',
    'mg k h', 'mg k l', 'mg k c', 'mg k u', 'mg k q', 'mg none q',
    'mg k q v', 'mg k O123 v', 'mg none O123', 'mg none O123 q',
    'mg none k', 'mg none O1 k', 'mg k s v k O9 f t h l c',
    'mg k k s f t h O9 l', 'mg k v v v', 'mg k f f s s', 'mg k  v', 'mg k v ',
    'mg  k v', 'mg k T50 t', 'mg k T0 t', 'mg k T-1 t', 'mg k Tx',
    'mg k T', 'mg k R200 t', 'mg k R10 t', 'mg k R', 'mg k Rx', 'mg k N10',
    'mg k N', 'mg k Nx', 'mg k E', 'mg k E77 c', 'mg k Ex', 'mg k M',
    'mg k S10', 'mg k C1', 'mg k D1', 'mg k I', 'mg k J1', 'mg k F1',
    'mg k MS', 'mg k O', 'mg k O' + 'o' * 31, 'mg k O' + 'o' * 32,
    'mg k O' + 'o' * 33, 'mg k b', 'mg none b', 'mg', 'mg ', 'mg k vv',
    'mg k vs', 'mg k kv', 'mg k \x01', 'mg k 1', 'mg k -', 'mg k noreply',
    'mg ' + K250, 'mg ' + K251, 'mg %s k' % K250, 'mg k ' + 'v ' * 30,
    'mg k ' + ' '.join(LETTERS[:22])], SHOW) + [
    text('mg with flag ' + c, *SET, 'mg k ' + c, *SHOW) for c in LETTERS
] + [
    text('mg with flag %s7 on nothing' % c, 'mg n %s7' % c, 'mg n v t')
    for c in LETTERS
] + [
    text('hit before', *SET, 'mg k h', 'mg k h', 'mg k u h'),
    text('not bumped', *SET, 'mg k u h', 'mg k h u', 'mg k h', 'mg k h'),
    text('hit by get', *SET, 'get k', 'mg k h'),
    text('vivify', 'mg k N100 v t c', 'mg k N100 v t', 'mg k v',
         'set k 0 0 1', 'x', 'mg k N100 v t', 'mg k v'),
    text('vivify and no value', 'mg k N100', 'mg k N100', 'mg k'),
    text('vivify for ever', 'mg k N0 t', 'mg k t v s f h'),
    text('vivify with E', 'mg k N0 E999 c', 'mg k c'),
    text('vivify, quiet', 'mg k N30 q v', 'mg k q v', 'mg k k O1 v'),
    text('recache', *SET, 'mg k R200 v', 'mg k R200 v', 'mg k R10 v',
         'mg k v', 'set k 0 100 1', 'y', 'mg k R200 v'),
    text('recache of one without time', 'set k 0 0 1', 'x', 'mg k R100 t v'),
    text('stale, then won, then sent', *SET, 'md k I T30', 'mg k v t c',
         'mg k v t', 'mg k v', 'get k', 'ms k 1', 'n', 'mg k v'),
    text('base64', 'ms %s 3 b' % B64, 'abc', 'mg %s b v k' % B64,
         'mg %s v k' % B64, 'me %s b' % B64, 'md %s b k' % B64,
         'mg %s b v' % B64),
    text('base64 of a plain key', *SET, 'mg aw== b v k', 'ma aw== b k',
         'md aw== b k O1'),
    text('base64 answers k without b first', 'ms %s 1 k b' % B64, 'x',
         'mg %s k b v' % B64, 'mg %s k v b' % B64),
    text('base64 that is none', 'mg *** b v', 'mg aw= b', 'mg a b', 'mg = b',
         'mg aw==aw== b', 'md !! b', 'ma !! b', 'me !! b'),
    text('base64 of 250 bytes', 'ms %s 1 b' % ('YWFh' * 83), 'x',
         'mg %s b v k' % ('YWFh' * 83), 'mg %s b k' % ('YWFh' * 62)),
    text('ms base64 that is none', 'ms *** 1 b', 'x', 'mg k v'),
])

STORES = ('meta set', [
    text('ms %s%s' % (f, on), *before, 'ms k 2 ' + f, 'xy', *SHOW)
    for f in ('', 'c', 'k', 'O5', 'q', 'b', 'F9', 'F4294967295', 'F4294967296',
              'F-1', 'F', 'Fx', 'T0', 'T50', 'T-1', 'Tx', 'T', 'MS', 'ME',
              'MR', 'MA', 'MP', 'Ms', 'Me', 'Mr', 'Ma', 'Mp', 'MX', 'M',
              'Mset', 'M1', 'C1', 'C0', 'Cx', 'C', 'I', 'C1 I', 'c k O1 f s t',
              'k O1 q', 'E555 c', 'Ex', 'S2', 'S3', 'N1', 'v', 's', 't', 'f',
              'h', 'l', 'u', 'x', 'I MA', 'MA T9 c', 'MP F1', 'ME q', 'MR q',
              'MA q', 'C1 q', 'MA N30', 'MP N30 T5', 'N', 'MA Nx')
    for on, before in (('', ()), (' on something', SET))
] + [
    text('no bytes', 'ms k 0', '', *SHOW),
    text('the old form S', 'ms k S3', 'abc', *SHOW),
    text('right cas', *SET, 'mg k c', 'ms k 1 c C{cas}', 'n', *SHOW),
    text('larger cas', *SET, 'mg k c', 'ms k 1 c C{cas+1}', 'n', *SHOW),
    text('smaller cas', *SET, 'mg k c', 'ms k 1 C{cas-1}', 'n', *SHOW),
    text('smaller cas, invalidating', *SET, 'mg k c', 'ms k 1 I C{cas-1}', 'n',
         'mg k v c', 'mg k v'),
    text('larger cas, invalidating', *SET, 'mg k c', 'ms k 1 I C{cas+1}', 'n',
         'mg k v c', 'mg k v'),
    text('append with cas', *SET, 'mg k c', 'ms k 1 MA C{cas}', 'n',
         'ms k 1 MA C{cas}', 'n', *SHOW),
    text('add with cas', *SET, 'mg k c', 'ms k 1 ME C{cas}', 'n', *SHOW),
    text('replace with cas', *SET, 'mg k c', 'ms k 1 MR C{cas+1}', 'n', *SHOW),
    text('replaced while quiet', 'ms k 1 q', 'a', 'ms k 1 q ME', 'b',
         'ms k 1 q MR', 'c', 'mg k v'),
    text('the longest key', 'ms %s 1 k' % K250, 'x', 'mg %s v' % K250),
] + each('ms', SET, ['ms', 'ms ', 'ms k', 'ms k x', 'ms k -1', 'ms k 1x',
                     'ms k c', 'ms k +1'], SHOW) + [
    text('ms of %s' % n, *SET, 'ms k ' + n, 'x', *SHOW, cut=True)
    for n in ('99999999999', '2147483647', '4294967296', '2147483645')
] + [    text('key too long', 'ms %s 1' % K251, 'x', 'mg k v'),
    text('key too long, quiet', 'ms %s 1 q' % K251, 'x', 'mg k v'),
    text('opaque too long', 'ms k 1 O' + 'o' * 40, 'x', *SHOW),
    text('a bad flag eats its data', 'ms k 4 Fx', 'mn\r\n', *SHOW),
] + [
    raw('data %r for 3' % d, b'ms k 1\r\nx\r\nms k 3 c\r\n' + d +
        b'\r\nmg k v\r\nmn\r\n') for d in (b'ab', b'abcd', b'abcdefgh', b'')
] + [
    raw('data %r for 3, quiet' % d, b'ms k 3 q O1\r\n' + d +
        b'\r\nmg k v\r\nmn\r\n') for d in (b'ab', b'abcd', b'abc')
])

DELETES = ('meta delete', each('md', SET, [
    'md k', 'md none', 'md k q', 'md none q', 'md k k O7', 'md none k O7',
    'md none k O7 q', 'md k I', 'md k I T50', 'md k I T-1', 'md k I T0',
    'md k T50', 'md k I k O1 c', 'md k C1', 'md k C0', 'md k Cx', 'md k C',
    'md k x', 'md k v', 'md k E99 I', 'md k E99', 'md', 'md ', 'md k b',
    'md none I', 'md none I q', 'md none C1', 'md k k k', 'md ' + K251,
    'md k O' + 'o' * 33, 'md k I q', 'md k Tx I', 'md k f', 'md k s',
    'md k t', 'md k u', 'md k l h', 'md k M', 'md k MI', 'md k N1', 'md k F1',
    'md k S1', 'md k D1', 'md k J1', 'md k R1'],
    ('mg k v t f', 'mg k v')) + [
    text('right cas', *SET, 'mg k c', 'md k C{cas}', *SHOW),
    text('wrong cas', *SET, 'mg k c', 'md k C{cas+1}', 'md k q C{cas-1}',
         *SHOW),
    text('invalidate with cas', *SET, 'mg k c', 'md k I T20 C{cas}', *SHOW),
    text('invalidated and stored', *SET, 'mg k c', 'md k I',
         'ms k 1 C{cas}', 'n', *SHOW),
    text('invalidated twice', *SET, 'md k I', 'md k I', *SHOW),
    text('invalidated, then append, touch', 'set k 0 0 1', '1', 'md k I',
         'append k 0 0 1', '2', 'touch k 0', 'mg k v', 'get k'),
    # Where an answer is on its way from the item, incr makes another one, which
    # is not stale: so none is.
    text('invalidated, then incr', 'set k 0 0 1', '1', 'md k I', 'incr k 1',
         'mg k v', 'get k'),
])

NUM = ('set k 5 100 2', '10')
ARITH = ('meta arithmetic', each('ma', NUM, [
    'ma k', 'ma none', 'ma k v', 'ma k D5 v', 'ma k MD v', 'ma k MI v',
    'ma k M- v', 'ma k M+ v', 'ma k Md v', 'ma k Mi v', 'ma k Mincr v',
    'ma k Mdecr v', 'ma k MX v', 'ma k M v', 'ma k D0 v', 'ma k D-1 v',
    'ma k Dx v', 'ma k D v', 'ma k D18446744073709551615 v',
    'ma k D18446744073709551616 v', 'ma k MD D100 v', 'ma k T50 t v',
    'ma k T-1 v', 'ma k Tx', 'ma k t', 'ma k c', 'ma k k O1 v', 'ma k q',
    'ma k q v', 'ma none q', 'ma none k O1', 'ma k N0', 'ma k N0 J5 v',
    'ma k J5', 'ma k C1', 'ma k C0', 'ma k Cx', 'ma k E77 c', 'ma k b', 'ma',
    'ma ', 'ma k x', 'ma k f', 'ma k s', 'ma k v v', 'ma ' + K251,
    'ma k h', 'ma k l', 'ma k u', 'ma k I', 'ma k F1', 'ma k S1', 'ma k R1',
    'ma k J', 'ma k Jx N0', 'ma k Nx', 'ma k v k t c O1', 'ma k O1 t v k'],
    ('mg k v t f', NEXT, 'ma k v')) + [
    text('made', 'ma k N0 v', 'ma k v', 'ma k v D4'),
    text('made with J', 'ma k N100 J7 v t', 'ma k N100 J7 v t'),
    text('made with T', 'ma k N100 J7 T50 v t', 'ma k T50 v t'),
    text('made, decr', 'ma k N0 J9 MD D2 v', 'ma k N0 J9 MD D2 v'),
    text('made, quiet', 'ma k N0 q', 'ma k N0 q v', 'mg k v'),
    text('made with E', 'ma k N0 J1 E99 c v', 'mg k c'),
    text('made with the largest', *ZEROS,
         'ma k N0 J18446744073709551615 v', 'ma k v'),
    text('made with too large', 'ma k N0 J18446744073709551616 v', 'mg k v'),
    text('made with C', 'ma k N0 C5 v', 'mg k v'),
    text('right cas', *NUM, 'mg k c', 'ma k C{cas} v c', 'mg k v'),
    text('wrong cas', *NUM, 'mg k c', 'ma k C{cas+1} v', 'mg k v'),
    text('wraps', *ZEROS, 'set k 0 0 20', '18446744073709551615',
         'ma k v', 'mg k v'),
    text('no number', 'set k 0 0 3', 'abc', 'ma k', 'ma k q', 'ma k v O1'),
    text('stays as long', 'set k 0 0 3', '100', 'ma k MD v', 'mg k v s'),
    text('a long number', 'set k 0 0 25', '1' * 25, 'ma k v'),
])

OTHERS = ('meta others', each('me, mn', SET, [
    'me k', 'me none', 'me', 'me ', 'me k b', 'me k x', 'me ' + K251, 'mn',
    'mn x', 'mn x y z', 'mx k', 'mq k', 'm k', 'mgk', 'meta', 'mz'], SHOW) + [
    text('me after get', *SET, 'get k', 'me k'),
    text('me of one without time', 'set k 0 0 1', 'x', 'me k'),
    text('a quiet pipeline', 'mg a q v', 'mg b q v', 'ms a 1 q', 'x',
         'mg a q v', 'md a q', 'ma a q', 'mg a q k v', 'mn'),
    text('commands of both kinds', *SET, 'mg k v', 'get k', 'ms k 2', 'xy',
         'append k 0 0 1', 'z', 'mg k v', 'delete k', 'mg k'),
    text('next command at once', *SET, 'mg k v', 'mg k s', NEXT, 'mg k v'),
])

GROUPS = [GETS, STORES, DELETES, ARITH, OTHERS]
