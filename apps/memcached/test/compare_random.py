"""compare_random.py - random sequences, the same to both servers.

A seed makes rounds. In each, one connection of some (text, meta and binary)
pipelines some commands on few keys, cut anywhere; both servers' answers have
to be the same before the next round begins, so that an order exists.

Values hold no capital letters, and so no line of an answer. No number gets to
2^63: memcached 1.6.18 looks for a minus behind the end of such a number, and
refuses it by what lies there. The suite has some.
"""
import base64
import random
import struct
import time

from compare_mask import Masks
from compare_wire import (Talk, TEXT_END, connect, drive, noop, request,
                          show_difference)

POOL_BYTES = 4 << 20
BIG_KEYS = 4  # of those that may have large values; their sum stays small
TTLS = (0, 0, 0, 0, 100, 3600, 2592000, -1)
KINDS = ('text', 'meta', 'binary')
DELTAS = (0, 1, 1, 7, 10, 1000, 1 << 40)
# What is a number to memcached, and what is none. As a time none is so near
# that a seed could see it pass.
ODD = (b'+900', b'-1', b'1x', b'x', b'\t900', b'900\t', b'900\0', b'0x10',
       b'0900', b'4294967296', b'4294967295', b'2147483648',
       b'-2147483649', b'+', b'-', b'--1', b'1-1', b'99999999999999999999',
       b'-18446744073709551615')
MANGLE = b' \0\t\r+-0xkgtTNvO'


def pool():
    """Bytes to cut values from; the same in all runs."""
    rng = random.Random('values')
    letters = bytes(c for c in range(256) if not 65 <= c <= 90)
    table = (letters * 2)[:256]
    return rng.randbytes(POOL_BYTES).translate(table)


class Maker:
    """Commands. Each is a pair of byte strings, which differ in nothing but
    cas numbers: the servers' own."""

    def __init__(self, rng, masks, values, largest):
        self.rng = rng
        self.masks = masks
        self.values = values
        self.largest = largest
        self.keys = [b'key%d' % i for i in range(60)]
        self.keys += [b'l' * 250, b'x']
        self.numbers = [b'n%d' % i for i in range(12)]
        self.big = [b'big%d' % i for i in range(BIG_KEYS)]
        self.coded = [base64.b64encode(b'\r\n %d' % i) for i in range(8)]

    def key(self):
        return self.rng.choice(self.keys + self.numbers)

    def key_read(self):
        return self.rng.choice(self.keys)

    def key_counted(self):
        """For incr and decr. A number that gets shorter keeps its length in
        spaces, unless an answer that holds it is still being sent. That is a
        matter of timing; so these are read at the end of a seed only. What
        else a change in place keeps, as the hit mark, shows there too."""
        return self.rng.choice(self.numbers)

    def value(self, number=True):
        r = self.rng.random() if number else 0.5
        if r < 0.3:
            return b'%d' % self.rng.choice((0, 1, 9, 99, 12345, 10 ** 15))
        n = int(self.rng.expovariate(1 / 100))
        if r > 0.99:
            n = self.rng.randrange(20000)
        return self.cut(min(n, self.largest))

    def cut(self, n):
        at = self.rng.randrange(POOL_BYTES - n + 1)
        value = self.values[at:at + n]
        # To Debian's the number in it would be what lies behind it.
        return b'_' if value.isspace() else value

    def cas(self):
        """A number that both servers have answered, or none has."""
        a, b = self.masks.order
        n = min(len(a), len(b))
        if n == 0 or self.rng.random() < 0.1:
            return 1 << 50, 1 << 50
        i = n - 1 - min(int(self.rng.expovariate(1 / 3)), n - 1)
        return a[i], b[i]

    def large(self, op):
        """A value of up to a MiB, or one that is too large; seldom."""
        k = self.rng.choice(self.big)
        if self.rng.random() < 0.6:
            return op(k, None)
        n = int(self.largest ** self.rng.uniform(0.7, 1))
        if n >= 1 << 20:
            n = self.largest + 4096  # certainly refused
        elif n > (1 << 20) - 512:
            n -= 512  # where headers decide
        return op(k, self.cut(n))

    def command(self, kind):
        if self.rng.random() < 0.004 and self.largest >= 65536:
            return self.large(getattr(self, kind + '_large'))
        return getattr(self, kind)()

    # --- text ----------------------------------------------------------------

    def text_large(self, key, value):
        if value is None:
            return self.same(b'get %s\r\n' % key)
        return self.same(b'set %s 1 0 %d\r\n%s\r\n' % (key, len(value), value))

    @staticmethod
    def same(data):
        return data, data

    def text(self):
        rng, key = self.rng, self.key()
        quiet = b' noreply' if rng.random() < 0.15 else b''
        r = rng.random()
        if r < 0.35:
            verb = rng.choice((b'get', b'gets'))
            more = b''.join(b' ' + self.key_read()
                            for _ in range(int(rng.expovariate(0.5))))
            return self.same(b'%s %s%s\r\n' % (verb, self.key_read(), more))
        if r < 0.62:
            verb = rng.choice((b'set', b'set', b'set', b'add', b'replace',
                               b'append', b'prepend'))
            v = self.value(verb[:1] not in b'ap' or verb == b'add')
            return self.same(b'%s %s %d %d %d%s\r\n%s\r\n' % (
                verb, key, rng.choice((0, 1, 0xffffffff)), rng.choice(TTLS),
                len(v), quiet, v))
        if r < 0.72:
            v = self.value()
            return tuple(b'cas %s 3 %d %d %d%s\r\n%s\r\n' % (
                key, 0, len(v), c, quiet, v) for c in self.cas())
        if r < 0.84:
            return self.same(b'%s %s %d%s\r\n' % (
                rng.choice((b'incr', b'decr')), self.key_counted(),
                rng.choice(DELTAS), quiet))
        if r < 0.90:
            return self.same(b'delete %s%s\r\n' % (key, quiet))
        if r < 0.94:
            return self.same(b'touch %s %d%s\r\n' % (key, rng.choice(TTLS),
                                                   quiet))
        if r < 0.98:
            return self.same(b'%s %d %s %s\r\n' % (
                rng.choice((b'gat', b'gats')), rng.choice(TTLS),
                self.key_read(), self.key_read()))
        if r < 0.981:
            return self.same(b'flush_all%s\r\n' % quiet)
        if r < 0.985:
            n = [b'0', b'0']
            n[rng.randrange(2)] = rng.choice(ODD)
            return self.same(b'set %s %s %s 1%s\r\n7\r\n' % (
                key, n[0], n[1], quiet))
        if r < 0.992:
            return self.same(self.mangled((
                b'get %s %s' % (self.key_read(), key), b'touch %s 0' % key,
                b'gat 0 %s' % self.key_read(), b'delete %s' % key,
                b'incr %s 1%s' % (self.key_counted(), quiet))))
        return self.same(rng.choice((
            b'get\r\n', b'foo %s\r\n' % key, b'incr %s x\r\n' % key,
            b'set %s a b c\r\n' % key, b'incr %s 1\r\n' % (b'k' * 251),
            b'touch %s\r\n' % key, b'\r\n', b'set %s 0 0 -1\r\n' % key,
            b'set %s 0 0 1\r\nabc\r\n' % key)))

    # --- meta ----------------------------------------------------------------

    def meta_large(self, key, value):
        if value is None:
            return self.same(b'mg %s s v f\r\n' % key)
        return self.same(b'ms %s %d F2\r\n%s\r\n' % (key, len(value), value))

    def flags(self, pool, ttl=b''):
        """Some of the flags, each once, in any order."""
        rng = self.rng
        out = rng.sample(pool, rng.randrange(min(len(pool), 6)))
        if rng.random() < 0.15:
            out.append(b'O%d' % rng.randrange(10000))
        for f in ttl.split():
            if rng.random() < 0.15:
                out.append(f + b'%d' % rng.choice(TTLS))
        return out

    def mangled(self, lines):
        """One of the lines, with a byte too many, too few or another. The
        keys of a get stay short: those read before a long one are answered,
        here."""
        rng = self.rng
        line = rng.choice([s for s in lines if len(s) < 200])
        at, c = rng.randrange(len(line)), bytes((rng.choice(MANGLE),))
        how = rng.randrange(3)
        return line[:at] + (b'' if how == 0 else c) + line[
            at + (how != 1):] + b'\r\n'

    def meta_coded(self):
        """On keys that only base64 can say. None are made by a miss, joined or
        counted: Debian's forgets then how such a key is shown."""
        rng, key = self.rng, self.rng.choice(self.coded)
        r = rng.random()
        if r < 0.4:
            f = self.flags([b'b', b'k', b'v', b's', b'h', b'q'], b'T')
            return self.same(b'mg %s%s\r\n' % (key, self.join(
                f if b'b' in f else f + [b'b'])))
        if r < 0.7:
            f = self.flags([b'c', b'k', b'q', b'F5'])
            return self.same(b'ms %s 1%s b M%c\r\nx\r\n' % (
                key, self.join(f), rng.choice(b'SER')))
        if r < 0.8:
            return self.same(b'me %s b\r\n' % key)
        return self.with_cas(b'md %s b' % key, self.flags([b'k', b'q', b'I']))

    def meta(self):
        rng, key = self.rng, self.key()
        r = rng.random()
        if r < 0.03:
            return self.meta_coded()
        if r < 0.035:
            f = rng.choice((b'T', b'N', b'R', b'C', b'D', b'J', b'F'))
            return self.same(b'mg %s %s%s t f v\r\n' % (
                self.key_read(), f, rng.choice(ODD)))
        if r < 0.045:
            return self.same(self.mangled((
                b'mg %s t v k T0' % self.key_read(), b'md %s k I' % key,
                b'ma %s v D5 MI' % self.key_counted(), b'me %s' % key,
                b'mg %s s v Oxyz N0 h' % self.key_read())))
        if r < 0.4:
            f = self.flags([b'k', b'v', b'f', b's', b't', b'h', b'c', b'u',
                            b'q'], b'N T')
            if rng.random() < 0.1:
                f.append(b'R%d' % rng.choice((30, 1000)))
            return self.same(b'mg %s%s\r\n' % (self.key_read(),
                                                self.join(f)))
        if r < 0.7:
            mode = rng.choice(b'EAPRSSSSSS')
            v = self.value(mode not in b'AP')
            f = self.flags([b'c', b'k', b'q', b'I', b'F7', b'F0'], b'T')
            if b'F7' in f and b'F0' in f:
                f.remove(b'F0')
            if mode != ord('S') or rng.random() < 0.2:
                f.append(b'M%c' % mode)
            return self.with_cas(b'ms %s %d' % (key, len(v)), f,
                                 b'\r\n' + v)
        if r < 0.82:
            f = self.flags([b'k', b'q', b'I'], b'T')
            return self.with_cas(b'md ' + key, f)
        if r < 0.98:
            # No T: Debian's gives it to the item that is gone, if the sum
            # needed a new one.
            f = self.flags([b't', b'c', b'v', b'k', b'q'], b'N')
            if rng.random() < 0.5:
                f.append(b'D%d' % rng.choice(DELTAS))
            if rng.random() < 0.4:
                f.append(b'M' + rng.choice((b'I', b'D', b'+', b'-')))
            if rng.random() < 0.2:
                f.append(b'J%d' % rng.choice(DELTAS))
            return self.with_cas(b'ma ' + self.key_counted(), f)
        return self.same(rng.choice((
            b'mg\r\n', b'mg %s v v\r\n' % key, b'ms %s x\r\n' % key,
            b'ma %s Dx\r\n' % key, b'mx %s\r\n' % key,
            b'ms %s 1 MQ\r\nx\r\n' % key, b'me %s\r\n' % (b'k' * 251),
            b'mg %s b\r\n' % (b'*' * 9), b'ms %s 1\r\nabc\r\n' % key)))

    @staticmethod
    def join(flags):
        return b''.join(b' ' + f for f in flags)

    def with_cas(self, head, flags, data=b''):
        if self.rng.random() > 0.25:
            return self.same(head + self.join(flags) + data + b'\r\n')
        at = self.rng.randrange(len(flags) + 1)
        return tuple(head + self.join(flags[:at] + [b'C%d' % c] + flags[at:]) +
                     data + b'\r\n' for c in self.cas())

    # --- binary --------------------------------------------------------------

    def binary_large(self, key, value):
        if value is None:
            return self.same(request(0x0c, key))
        return self.same(request(0x01, key, value, bytes(8)))

    def binary(self):
        rng, key = self.rng, self.key()
        r, o = rng.random(), rng.randrange(1 << 32)
        if r < 0.3:
            return self.same(request(rng.choice((0x00, 0x09, 0x0c, 0x0d)),
                                     self.key_read(), opaque=o))
        if r < 0.6:
            op = rng.choice((0x01, 0x02, 0x03, 0x11, 0x12, 0x13))
            x = struct.pack('>Ii', rng.choice((0, 5, 0xdeadbeef)),
                            rng.choice(TTLS))
            return self.packed(op, key, self.value(), x, o)
        if r < 0.7:
            return self.packed(rng.choice((0x0e, 0x0f, 0x19, 0x1a)), key,
                               self.value(False), b'', o)
        if r < 0.85:
            x = struct.pack('>QQi', rng.choice(DELTAS), rng.choice(DELTAS),
                            rng.choice(TTLS))
            return self.packed(rng.choice((0x05, 0x06, 0x15, 0x16)),
                               self.key_counted(), b'', x, o)
        if r < 0.92:
            return self.packed(rng.choice((0x04, 0x14)), key, b'', b'', o)
        if r < 0.97:
            x = struct.pack('>i', rng.choice(TTLS))
            return self.same(request(rng.choice((0x1c, 0x1d, 0x1e, 0x23,
                                                 0x24)), self.key_read(), b'',
                                     x, opaque=o))
        if r < 0.971:
            return self.same(request(rng.choice((0x08, 0x18)), opaque=o))
        return self.same(request(rng.choice((0x0a, 0x0b, 0x7f)), opaque=o))

    def packed(self, op, key, value, extras, opaque):
        pair = self.cas() if self.rng.random() < 0.2 else (0, 0)
        return tuple(request(op, key, value, extras, c, opaque) for c in pair)


class Sequence:
    """One seed on both servers."""

    def __init__(self, addrs, seed, largest, values, kinds):
        self.addrs = addrs
        self.kinds = kinds
        self.rng = random.Random(seed)
        self.masks = Masks()
        self.maker = Maker(self.rng, self.masks, values, largest)
        self.conns = {}
        self.done = 0

    def pair(self, kind):
        """One of some connections of a kind, to both servers."""
        which = kind, self.rng.randrange(3)
        if which not in self.conns:
            self.conns[which] = [connect(a) for a in self.addrs]
        return self.conns[which]

    def cuts(self, data, places):
        """Pieces; both servers get the same, but where numbers differ."""
        out, last = [], 0
        for at in places:
            out.append(data[last:max(at, last)])
            last = max(at, last)
        return out + [data[last:]]

    def round(self, most):
        kind = self.rng.choice(self.kinds)
        n = min(most, 1 + int(self.rng.expovariate(1 / 30)))
        return self.send(kind, [self.maker.command(kind) for _ in range(n)])

    def read_all(self):
        """What is there at the end, numbers too."""
        m = self.maker
        keys = m.keys + m.numbers + m.big
        return self.send('text', [m.same(b'gets %s\r\n' % k) for k in keys])

    def send(self, kind, commands):
        rng = self.rng
        more, tail = b'mn\r\n', TEXT_END
        if kind == 'binary':
            more, tail = noop(rng.randrange(1 << 32))
        sent = [b''.join(c[side] for c in commands) + more for side in (0, 1)]
        places = sorted(rng.randrange(len(sent[0]) + 1) for _ in range(
            min(int(rng.expovariate(0.3)), 20)))
        talks = [Talk(s, self.cuts(d, places), tail)
                 for s, d in zip(self.pair(kind), sent)]
        drive(talks)
        self.done += len(commands)
        return self.judge(kind, talks, commands)

    def judge(self, kind, talks, commands):
        a, b = talks
        mask = self.masks.binary if kind == 'binary' else self.masks.text
        x, y = mask(a.got, b.got)
        if (x, a.how) == (y, b.how) and a.how == 'done':
            return True
        print('    %s: the connections are %s and %s' % (kind, a.how, b.how))
        if x != y:
            print(show_difference(x, y))
        print('    commands of this round, the last %d:' % min(
            60, len(commands)))
        for c in commands[-60:]:
            print('      %r' % c[0][:120])
        return False

    def run(self, ops):
        try:
            for s, d in zip([connect(a) for a in self.addrs], range(2)):
                t = Talk(s, [b'flush_all\r\n'], b'OK\r\n')
                drive([t])
                s.close()
            while self.done < ops:
                if not self.round(ops - self.done):
                    return False
            return self.read_all()
        finally:
            for pair in self.conns.values():
                for s in pair:
                    s.close()


def random_all(addrs, seeds, ops, largest, kinds):
    """Runs all seeds; the number of those with a difference."""
    values, bad, done, began = pool(), 0, 0, time.monotonic()
    masked = {}
    for seed in seeds:
        s = Sequence(addrs, seed, min(largest, 1 << 20), values, kinds)
        if not s.run(ops):
            bad += 1
            print('DIFFERS: seed %d, within %d commands; again by: '
                  '--seeds %d --ops %d --max %d --only %s'
                  % (seed, s.done, seed, ops, largest, ','.join(kinds)))
        done += s.done
        for k, v in s.masks.used.items():
            masked[k] = masked.get(k, 0) + v
    took = time.monotonic() - began
    print('random: %d seeds, %d commands, %d/s, %d seeds differ; masked: %s'
          % (len(seeds), done, done / max(took, 1e-9), bad, ', '.join(
              '%s %d' % kv for kv in masked.items() if kv[1]) or '-'))
    return bad
