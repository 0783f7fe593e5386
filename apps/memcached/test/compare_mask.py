"""compare_mask.py - what two servers need not agree on, rule by rule.

A rule gets both answers, gives both back, and is counted when it changed one.
Nothing else in this program forgives a difference.
"""
import re

from compare_wire import HEAD, packets

RULES = {
    'cas': 'numbers of items are each server\'s own; only which are equal '
           'counts, so they are renamed in order of appearance',
    'version': 'the two are different programs',
    'stat': 'what counts commands is compared; the rest is of the process, '
            'the machine or the build',
    'ttl': 'a second may begin between the two, and memcached\'s clock is '
           'another one late; what is left to an expired item wraps there',
    'cut': 'the end of a connection inside a request may take answers along '
           'that were not sent yet',
    'minus': 'memcached 1.6.18 refuses numbers of 2^63 and more by chance, so '
             'a case with one may be tried three times',
    'item': 'size and class of an item follow from the server\'s own header; '
            'memcached does not note every access',
}

# What `stats` counts by commands alone; other lines are left out, and so is
# what depends on when the old is thrown away.
COUNTERS = frozenset(b'''cmd_get cmd_set cmd_flush cmd_touch cmd_meta get_hits
    get_misses delete_misses delete_hits incr_misses
    incr_hits decr_misses decr_hits cas_misses cas_hits cas_badval touch_hits
    touch_misses evictions'''.split())

CAS = re.compile(rb'^VALUE \S+ \d+ \d+ (\d+)\r$|'
                 rb'^(?:HD|VA \d+|NS|EX|NF|EN)(?: \S+)*? c(\d+)(?=[ \r])|'
                 rb'^ME .* cas=(\d+)(?= )', re.M)
TIMES = re.compile(rb'(?<= t)(\d+)(?=[ \r])|(?<= l)(\d+)(?=[ \r])|'
                   rb'(?<= exp=)(-?\d+)(?= )')
ITEM = re.compile(rb'(?<= )(cls|size|la)=\d+')
VERSION = re.compile(rb'^VERSION .*?(?=\r$)', re.M)
STAT = re.compile(rb'^STAT (\S+) .*\r\n', re.M)
FLAGS_LINE = re.compile(rb'^(?:HD|VA \d+|ME) .*$', re.M)


class Masks:
    """The rules with a memory: cas names of both servers, and counts."""

    def __init__(self):
        self.used = dict.fromkeys(RULES, 0)
        self.forget()

    def forget(self):
        """New names for cas numbers."""
        self.names = ({}, {})
        self.order = ([], [])

    def name(self, side, cas):
        if cas == 0:
            return 0  # stands for none
        names = self.names[side]
        if cas not in names:
            names[cas] = len(names) + 1
            self.order[side].append(cas)
        return names[cas]

    def count(self, rule, before, after):
        if before != after:
            self.used[rule] += 1
        return after

    def cas(self, side, data):
        def renamed(m):
            i = m.lastindex
            at, end = m.start(i) - m.start(), m.end(i) - m.start()
            s = m.group()
            return s[:at] + b'#%d' % self.name(side, int(m.group(i))) + s[end:]
        return self.count('cas', data, CAS.sub(renamed, data))

    def ttl(self, a, b):
        """b with those times of a's that are within two seconds of its own."""
        ours, theirs = FLAGS_LINE.findall(a), FLAGS_LINE.findall(b)
        if len(ours) != len(theirs):
            return b
        lines = iter(ours)

        def near(m):
            times = iter([int(t.group()) for t in TIMES.finditer(next(lines))])

            def one(t):
                want, is_ = next(times, -9), int(t.group())
                if abs(want - is_) > 2 and want < 1 << 31:
                    return t.group()
                return b'%d' % want
            return TIMES.sub(one, m.group())
        return self.count('ttl', b, FLAGS_LINE.sub(near, b))

    def cut(self, a, b):
        """Is one the beginning of the other, but for how it ended?"""
        a, b = (s[:s.rindex(b'<')] for s in (a, b))
        self.used['cut'] += 1
        return a.startswith(b) or b.startswith(a)

    def text(self, a, b, stats=False):
        a, b = self.cas(0, bytes(a)), self.cas(1, bytes(b))
        if a == b:
            return a, b
        pair = []
        for s in (a, b):
            s = self.count('version', s, VERSION.sub(b'VERSION *', s))
            s = self.count('item', s, ITEM.sub(rb'\1=*', s))
            if stats:
                s = self.count('stat', s, STAT.sub(self.stat, s))
            pair.append(s)
        return pair[0], self.ttl(*pair)

    @staticmethod
    def stat(m):
        return m.group() if m.group(1) in COUNTERS else b''

    def binary(self, a, b, stats=False):
        return self.packets(0, a), self.packets(1, b)

    def packets(self, side, data):
        out = []
        for head, body in packets(data):
            if head is None:
                out.append(body)
                continue
            _, op, klen, xlen, _, status, _, _, cas = head
            if op == 0x0b and status == 0:
                body = self.count('version', body, b'*')
            elif op == 0x10 and klen and body[:klen] not in COUNTERS:
                self.used['stat'] += 1
                continue
            named = self.name(side, cas)
            self.count('cas', cas, named)
            out.append(HEAD.pack(*head[:6], len(body), head[7], named) + body)
        return b''.join(out)
