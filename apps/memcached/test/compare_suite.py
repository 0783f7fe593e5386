"""compare_suite.py - cases of the suite, run against both servers.

A case is a name and what one client sends on one connection of its own. Each
starts on an empty server. Text cases are lists of lines, which get their CRLF
here; NEXT in a list waits for the answers so far, and so does a line with
{cas}, {cas+1} or {cas-1}: the last cas number that this server has answered.
"""
import re
import time

import compare_binary
import compare_classic
import compare_limits
import compare_meta
from compare_cases import CAS
from compare_mask import CAS as ANY_CAS, Masks
from compare_wire import (Talk, TEXT_END, connect, drive, noop, packets,
                          show_difference)

SYNC = 0x7e57ab1e  # opaque of the no-op that ends a binary step
LONG_NUMBER = re.compile(rb'\d{19}|\xff{8}|\x80\0{7}')
TEXT_CAS = re.compile(rb'\{cas([+-]\d+)?\}')


def groups():
    return (compare_classic.GROUPS + compare_limits.GROUPS +
            compare_meta.GROUPS + compare_binary.GROUPS)


class Run:
    """One case on one server."""

    def __init__(self, addr, case):
        self.case = case
        self.sock = connect(addr)
        self.got = bytearray()
        self.how = None

    def last_cas(self):
        if self.case.binary:
            all_ = [h[8] for h, _ in packets(self.got) if h and h[8]]
        else:
            all_ = [int(m.group(m.lastindex))
                    for m in ANY_CAS.finditer(self.got)]
        return all_[-1] if all_ else 0

    def fill(self, step):
        """The step with this server's numbers."""
        cas = self.last_cas()
        if self.case.binary:
            return step.replace(CAS.to_bytes(8, 'big'), cas.to_bytes(8, 'big'))
        return TEXT_CAS.sub(
            lambda m: b'%d' % (cas + int(m.group(1) or 0)), step)

    def talk(self, step, last):
        """A Talk for a step; the last one reads to the end."""
        case = self.case
        data = self.fill(step)
        if case.raw:
            tail = noop(0)[1] if case.binary else TEXT_END
            return Talk(self.sock, [data], None if last else tail,
                        last and not case.stays)
        more, tail = noop(SYNC) if case.binary else (b'mn\r\n', TEXT_END)
        return Talk(self.sock, [data + more], None if last else tail, last)

    def took(self, t):
        self.got += t.got
        self.how = t.how


def run_steps(runs, steps, last=True):
    for i, step in enumerate(steps):
        talks = [r.talk(step, last and i == len(steps) - 1) for r in runs]
        # Some cases ask who waits for more, and who hangs up.
        drive(talks, 3 if runs[0].case.stays else 20)
        for r, t in zip(runs, talks):
            r.took(t)
        if any(t.how != 'done' for t in talks):
            return


class Suite:
    def __init__(self, addrs, show=False, known=()):
        self.addrs = addrs
        self.known = known  # cases that may differ
        self.met = 0
        self.show = show
        self.masks = Masks()
        self.bad = []
        self.run = 0

    def empty(self):
        """Nothing from the case before, on either server."""
        socks = [connect(a) for a in self.addrs]
        talks = [Talk(s, [b'flush_all\r\nverbosity 0\r\n'], b'OK\r\nOK\r\n')
                 for s in socks]
        drive(talks)
        for s, t in zip(socks, talks):
            s.close()
            if t.how != 'done':
                raise SystemExit('compare: flush_all: answer %s, %r'
                                 % (t.how, bytes(t.got[:80])))

    def once(self, group, case):
        tries = 3 if LONG_NUMBER.search(b''.join(case.steps)) else 1
        for left in reversed(range(tries)):
            self.empty()
            runs = [Run(a, case) for a in self.addrs]
            run_steps(runs, case.steps)
            if self.judge(group, case, runs, left):
                return
            self.masks.used['minus'] += 1

    def judge(self, group, case, runs, tries=0):
        """Is it done with, agreed or not? Else it is to be tried again."""
        self.masks.forget()
        a, b = (r.got + b'<%s>' % r.how.encode() for r in runs)
        for r in runs:
            r.sock.close()
        mask = self.masks.binary if case.binary else self.masks.text
        stats = any(b'stats' in s for s in case.steps)
        x, y = mask(a, b, stats)
        if self.show:
            print('%s: %s\n    %r\n    %r' % (group, case.name, [
                s[:300] for s in case.steps],
                                              bytes(a[:400])))
        if x == y or (case.cut and self.masks.cut(x, y)):
            self.run += 1
            return True
        if tries:
            return False
        self.run += 1
        if '%s: %s' % (group, case.name) in self.known:
            self.met += 1
            return True
        self.bad.append((group, case.name))
        print('DIFFERS: %s: %s' % (group, case.name))
        for step in case.steps:
            print('    sent: %r%s' % (step[:300], ' ... %d bytes' % len(step)
                                      if len(step) > 300 else ''))
        print(show_difference(x, y))
        return True

    def groups(self, only):
        later = []
        for group, cases in groups():
            if only and not any(o in group for o in only):
                continue
            for case in cases:
                if case.seconds:
                    later.append((group, case))
                    continue
                self.once(group, case)
        self.timed(later)

    def timed(self, later):
        """Cases with a pause before their last step, all in one pause."""
        if not later:
            return
        self.empty()
        started = []
        for group, case in later:
            runs = [Run(a, case) for a in self.addrs]
            run_steps(runs, case.steps[:-1], last=False)
            started.append((group, case, runs))
        time.sleep(max(c.seconds for _, c in later))
        for group, case, runs in started:
            run_steps(runs, case.steps[-1:])
            self.judge(group, case, runs)


def read_known(path):
    """Names of cases, each "group: case = reason" on a line of its own."""
    try:
        with open(path) as f:
            rows = [r.rstrip('\n').split(' = ', 1) for r in f
                    if r.strip() and not r.startswith('#')]
    except OSError as e:
        raise SystemExit('compare: %s: %s' % (path, e.strerror))
    names = {'%s: %s' % (g, c.name) for g, cases in groups() for c in cases}
    for row in rows:
        if len(row) != 2 or row[0] not in names:
            raise SystemExit('compare: %s: no such case, or no reason: %s'
                             % (path, row[0]))
    return frozenset(row[0] for row in rows)


def suite(addrs, only=(), show=False, known=None):
    """Runs the groups whose names contain one of `only`; the number of
    differences."""
    s = Suite(addrs, show, read_known(known) if known else ())
    s.groups(only)
    if not s.run:
        raise SystemExit('compare: no group has such a name')
    print('suite: %d cases, %d differ, %d on purpose; masked: %s'
          % (s.run, len(s.bad), s.met, ', '.join(
              '%s %d' % kv for kv in s.masks.used.items() if kv[1]) or '-'))
    return len(s.bad)
