"""compare_pressure.py - one server out of memory, or with slow readers."""
import select
import time
import zlib

from compare_random import POOL_BYTES, pool
from compare_wire import TEXT_END, Talk, connect, drive

SLACK_KB = 8192  # a process may grow by this and is still called flat
MIB = 1 << 20


def resident(pid):
    """kB of memory that a process has, or None without one."""
    if not pid:
        return None
    try:
        with open('/proc/%d/status' % pid) as f:
            for line in f:
                if line.startswith('VmRSS:'):
                    return int(line.split()[1])
    except OSError as e:
        raise SystemExit('compare: process %d: %s' % (pid, e.strerror))
    return None


class Values:
    """A key's number gives its value, so that any answer can be checked."""

    def __init__(self):
        self.bytes = pool()

    def value(self, i):
        h = zlib.crc32(b'value %d' % i)
        n = 50 + h % 1000 if h % 10 else 50 + h % 60000
        at = zlib.crc32(b'place %d' % i) % (POOL_BYTES - n)
        return self.bytes[at:at + n]

    @staticmethod
    def key(i):
        return b'pressure-%d' % i


def talk(sock, data, tail=TEXT_END):
    t = Talk(sock, [data], tail)
    drive([t])
    if t.how != 'done':
        raise SystemExit('compare: the server is %s after %d bytes: %r'
                         % (t.how, len(t.got), bytes(t.got[-80:])))
    return t.got


def fill(sock, values, want, watch):
    """Stores until `want` bytes were sent; how many keys, how many refused."""
    i = sent = refused = 0
    while sent < want:
        batch = []
        size = 0
        while size < 1 << 19:
            v = values.value(i)
            batch.append(b'set %s 0 0 %d\r\n%s\r\n' % (values.key(i), len(v),
                                                      v))
            size += len(v)
            i += 1
        got = talk(sock, b''.join(batch) + b'mn\r\n')
        refused += len(batch) - got.count(b'STORED\r\n')
        sent += size
        watch(sent)
    return i, refused


def verify(sock, values, n):
    """Asks for all keys; how many are found, their bytes, how many wrong."""
    found = size = wrong = 0
    for first in range(0, n, 100):
        keys = range(first, min(first + 100, n))
        got = talk(sock, b'get %s\r\nmn\r\n' % b' '.join(map(values.key,
                                                             keys)))
        at = 0
        for i in keys:
            head = b'VALUE %s 0 ' % values.key(i)
            if not got.startswith(head, at):
                continue
            v = values.value(i)
            want = head + b'%d\r\n%s\r\n' % (len(v), v)
            if got.startswith(want, at):
                at += len(want)
                found += 1
                size += len(v)
            else:
                wrong += 1
                print('    wrong: key %d, %r' % (i, bytes(got[at:at + 60])))
                at = max(at, got.find(b'VALUE pressure-', at + 1))
        if got[at:] != b'END\r\nMN\r\n':
            wrong += 1
            print('    wrong: after the keys from %d on come %r'
                  % (first, bytes(got[at:at + 60])))
    return found, size, wrong


class Report:
    def __init__(self):
        self.bad = 0

    def check(self, what, good):
        print('%s: %s' % ('ok' if good else 'FAILED', what))
        self.bad += not good


def pressure(addr, limit_mib, factor, pid):
    values, report = Values(), Report()
    sock = connect(addr)
    talk(sock, b'flush_all\r\nmn\r\n')
    limit = limit_mib * MIB
    memory = {}
    first = resident(pid)

    def watch(sent):
        memory.setdefault(int(sent / limit), resident(pid))
    n, refused = fill(sock, values, int(limit * factor), watch)
    memory['end'] = resident(pid)
    report.check('%d keys stored, %d refused' % (n, refused), refused == 0)
    found, size, wrong = verify(sock, values, n)
    report.check('%d found, %d MiB, %d wrong' % (found, size // MIB, wrong),
                 wrong == 0)
    # Slab classes waste some; and memcached gives each class a page, whatever
    # the limit is.
    report.check('what is found uses the limit, and is not far above it',
                 limit // 3 < size < 2 * limit)
    newest = talk(sock, b'get %s\r\nmn\r\n' % values.key(n - 1))
    report.check('the newest key is there', newest.startswith(b'VALUE '))
    if pid:
        # Memory that was had at the start counts when it is first written.
        before, after = memory.get(2), memory['end']
        report.check('resident: %s kB at first, %s kB after 2 limits, %s kB '
                     'at the end' % (first, before, after),
                     before is None or after - before < SLACK_KB or
                     after - first < limit // 1024)
    return report.bad


def ask_all(addr, mib, readers):
    """Connections that ask for much and do not read."""
    socks = [connect(addr) for _ in range(readers)]
    for s in socks:
        # What the kernel does not take now is asked for when it is read.
        s.send(b'get slow\r\n' * mib)
    return socks


def read_all(socks, mib, size):
    """Reads what was asked for; how many connections got all of it."""
    one = len(b'VALUE slow 0 %d\r\n' % size) + size + len(b'\r\nEND\r\n')
    want = {s.fileno(): [s, one * mib] for s in socks}
    p = select.poll()
    for fd in want:
        p.register(fd, select.POLLIN)
    good = 0
    while want:
        ready = p.poll(20000)
        if not ready:
            break
        for fd, _ in ready:
            s, left = want[fd]
            n = len(s.recv(1 << 20))
            want[fd][1] = left = left - n
            if n == 0 or left <= 0:
                good += left == 0
                p.unregister(fd)
                del want[fd]
    return good


def percentiles(times):
    times = sorted(times)
    at = [times[min(len(times) - 1, int(len(times) * f))]
          for f in (0.5, 0.99, 1)]
    return 'p50 %.0f us, p99 %.0f us, max %.0f us' % tuple(
        t * 1e6 for t in at)


def client(addr, rounds):
    """One that goes on: its latencies, and how often it was answered."""
    sock, times, good = connect(addr), [], 0
    for i in range(rounds):
        v = b'%d' % i
        began = time.perf_counter()
        got = talk(sock, b'set quick 0 0 %d\r\n%s\r\nget quick\r\n'
                   % (len(v), v), b'END\r\n')
        times.append(time.perf_counter() - began)
        good += got == (b'STORED\r\nVALUE quick 0 %d\r\n%s\r\nEND\r\n'
                        % (len(v), v))
    sock.close()
    return times, good


def slow(addr, readers, mib, pid, rounds=1000):
    report = Report()
    size = MIB - 1024
    sock = connect(addr)
    v = pool()[:size]
    report.check('a large value is stored', b'STORED\r\n' in talk(
        sock, b'set slow 0 0 %d\r\n%s\r\nmn\r\n' % (size, v)))
    times, good = client(addr, rounds)
    print('alone: ' + percentiles(times))
    before = resident(pid)
    socks = ask_all(addr, mib, readers)
    times, good = client(addr, rounds)
    print('beside %d that do not read %d MiB: %s'
          % (readers, mib, percentiles(times)))
    report.check('%d of %d rounds were answered' % (good, rounds),
                 good == rounds)
    # What is being sent stays as it is, whatever takes its place.
    report.check('it is replaced', b'STORED\r\n' in talk(
        sock, b'set slow 0 0 %d\r\n%s\r\nmn\r\n' % (size, v)))
    if pid:
        after = resident(pid)
        report.check('resident: %d kB, and %d kB with them' % (before, after),
                     after - before < SLACK_KB + readers * 4096)
    good = read_all(socks, mib, size)
    report.check('%d of %d got all of it in the end' % (good, readers),
                 good == readers)
    report.check('and another is served', client(addr, 10)[1] == 10)
    return report.bad


def largest(addr):
    """The most bytes that a value of the key `k` may have."""
    sock = connect(addr)
    low, high = 0, 2 * MIB  # fits; does not
    while high - low > 1:
        n = (low + high) // 2
        got = talk(sock, b'set k 0 0 %d\r\n%s\r\nmn\r\n' % (n, b'v' * n))
        low, high = (n, high) if b'STORED\r\n' in got else (low, n)
    talk(sock, b'delete k\r\nmn\r\n')
    return low


def limit(a, b):
    sizes = [largest(s) for s in (a, b) if s]
    print('the largest value of a key of 1 byte: %s'
          % ' and '.join('%d' % n for n in sizes))
    # Headers of items may differ, by no more than this.
    return max(sizes) - min(sizes) > 200
