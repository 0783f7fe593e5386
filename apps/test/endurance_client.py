#!/usr/bin/env python3
"""endurance_client.py - the kernel's side of endurance; the other is the
webserver with a document /64.html of 64 zeros, or echo.

    endurance_client.py open ADDR N COMMAND...
        N connections at the same time, all open before the first one asks;
        then each is served; COMMAND while all are still there
    endurance_client.py churn ADDR N AT_A_TIME us|it
        N connections with one request each, so many at a time; we close
        first, or the server does
    endurance_client.py hold ADDR PORT N
        N connections that ask on and on, and are made again when they break,
        and a ping that is always under way; until SIGTERM
    endurance_client.py echo ADDR BYTES
        so many bytes to echo and back
    endurance_client.py mixed ADDR N DOCUMENT SHA1
        N connections that read all, slowly or not, end half or reset
Every one prints one line: what it did, and then its figures.
"""
import hashlib
import os
import random
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

ASK = b'GET /64.html HTTP/1.1\r\nHost: x\r\n\r\n'
ASK_LAST = b'GET /64.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
WAIT_S = 60  # a bound for what must come; nothing is measured by it
RESET = struct.pack('ii', 1, 0)  # what SO_LINGER wants: no orderly end


class Conn:
    """One connection and what it has of its answer."""
    __slots__ = ('s', 'got', 'open', 'mark')

    def __init__(self, s):
        self.s = s
        self.got = b''
        self.open = False
        self.mark = 0


class Crowd:
    """Connections to a web server, and what happens to them."""

    def __init__(self, addr, port=80):
        self.addr = (addr, port)
        self.ep = select.epoll()
        self.of = {}

    def add(self):
        s = socket.socket()
        s.setblocking(False)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.connect_ex(self.addr)
        self.of[s.fileno()] = Conn(s)
        self.ep.register(s, select.EPOLLOUT)

    def drop(self, c):
        fd = c.s.fileno()
        self.ep.unregister(fd)
        del self.of[fd]
        c.s.close()

    def event(self, fd):
        """A connection and 'open', 'answer', 'end', or an error; or None."""
        c = self.of[fd]
        if not c.open:
            err = c.s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if err:
                return c, os.strerror(err)
            c.open = True
            self.ep.modify(fd, select.EPOLLIN)
            return c, 'open'
        try:
            more = c.s.recv(4096)
        except BlockingIOError:
            return None
        except OSError as e:
            return c, e.strerror
        if not more:
            return c, 'end'
        c.got += more
        head, found, body = c.got.partition(b'\r\n\r\n')
        if not found or len(body) < 64:
            return None
        if not head.startswith(b'HTTP/1.1 200 OK\r\n') or body != bytes(64):
            return c, 'a wrong answer: %r' % c.got
        c.got = b''
        return c, 'answer'

    def events(self):
        ready = self.ep.poll(WAIT_S)
        if not ready:
            sys.exit('nothing comes any more; %d connections' % len(self.of))
        for fd, _ in ready:
            if fd in self.of:
                happened = self.event(fd)
                if happened:
                    yield happened


def ask(c, what=ASK):
    try:
        c.s.send(what)
        return True
    except OSError:
        return False


def open_all(addr, n, command):
    crowd = Crowd(addr)
    opened = 0
    while opened < n:
        while len(crowd.of) < min(n, opened + 200):
            crowd.add()
        for c, what in crowd.events():
            if what != 'open':
                sys.exit('connection %d of %d: %s' % (opened, n, what))
            opened += 1
    for c in crowd.of.values():
        ask(c)
    served = 0
    while served < n:
        for c, what in crowd.events():
            if what != 'answer':
                sys.exit('request %d of %d: %s' % (served, n, what))
            served += 1
    print('opened', opened, 'served', served, end=' ', flush=True)
    subprocess.run(command, check=False)
    print()


def churn(addr, n, at_a_time, first):
    crowd = Crowd(addr)
    begun = done = 0
    while done < n:
        while len(crowd.of) < at_a_time and begun < n:
            crowd.add()
            begun += 1
        for c, what in crowd.events():
            if what == 'open':
                ask(c, ASK if first == 'us' else ASK_LAST)
            elif what == 'answer' and first == 'us':
                crowd.drop(c)
                done += 1
            elif what == 'answer':
                c.mark = 1
            elif what == 'end' and c.mark:
                crowd.drop(c)
                done += 1
            else:
                sys.exit('connection %d of %d: %s' % (done, n, what))
    print('served', done)


# --- hold -------------------------------------------------------------------

def checksum(data):
    total = sum(data[0::2]) * 256 + sum(data[1::2])
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Ping:
    """One at a time: the next goes when the one before is answered."""

    def __init__(self, addr):
        self.s = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                               socket.IPPROTO_ICMP)
        self.s.connect((addr, 0))
        self.s.settimeout(0.5)
        self.answered = self.lost = 0
        self.stop = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def one(self, n):
        text = struct.pack('>HH', os.getpid() & 0xffff, n & 0xffff)
        head = struct.pack('>H', checksum(b'\x08\0' + text))
        try:
            self.s.send(b'\x08\0' + head + text)
        except OSError:
            return False
        until = time.monotonic() + WAIT_S / 6
        while time.monotonic() < until:
            try:
                got = self.s.recv(2048)[20:]
            except socket.timeout:
                if self.stop:
                    return None
                continue
            if got[:2] == b'\0\0' and got[4:] == text:
                return True
        return False

    def run(self):
        n = 0
        while not self.stop:
            n += 1
            well = self.one(n)
            self.answered += well is True
            self.lost += well is False
            time.sleep(0.005)  # its pace

    def end(self):
        self.stop = True
        self.thread.join()
        return 'pings %d lost %d' % (self.answered, self.lost)


class Hold:
    def __init__(self, addr, port, n):
        self.crowd = Crowd(addr, port)
        self.n = n
        self.served = self.broke = 0
        self.over = False

    def turn(self):
        while len(self.crowd.of) < self.n:
            self.crowd.add()
        for c, what in self.crowd.events():
            if what == 'open':
                ask(c)
            elif what == 'answer':
                self.served += 1
                ask(c)
            elif what.startswith('a wrong'):
                sys.exit(what)
            else:
                self.broke += 1
                self.crowd.drop(c)

    def end(self, *_):
        self.over = True


def hold(addr, port, n):
    h = Hold(addr, port, n)
    signal.signal(signal.SIGTERM, h.end)
    ping = Ping(addr)
    try:
        while not h.over:
            h.turn()
    finally:
        pings = ping.end()
    print('served', h.served, 'broke', h.broke, pings)


# --- much, and mixed --------------------------------------------------------

def echo(addr, n):
    block = os.urandom(1 << 20)
    s = socket.create_connection((addr, 7), timeout=WAIT_S)
    out, back = hashlib.sha1(), hashlib.sha1()

    def write():
        left = n
        while left:
            part = block[:min(left, len(block))]
            out.update(part)
            s.sendall(part)
            left -= len(part)
        s.shutdown(socket.SHUT_WR)

    t = threading.Thread(target=write)
    t.start()
    got = 0
    while True:
        more = s.recv(1 << 18)
        if not more:
            break
        back.update(more)
        got += len(more)
    t.join()
    print('echoed', got, out.digest() == back.digest())


def read_all(s, rng, slow):
    got = b''
    while True:
        more = s.recv(rng.randrange(1, 2000) if slow and len(got) < 50000
                      else 1 << 18)
        if not more:
            return got.partition(b'\r\n\r\n')[2]
        got += more
        if slow and rng.randrange(8) == 0:
            time.sleep(0.001)  # what makes it slow


def behave(addr, i, document, want):
    """Whether all was as it must be."""
    rng = random.Random(i)
    how = i % 5
    s = socket.create_connection((addr, 80), timeout=WAIT_S)
    last = b'' if how == 1 else b'Connection: close\r\n'
    with s:
        s.sendall(b'GET /%s HTTP/1.1\r\nHost: x\r\n%s\r\n' %
                  (document.encode(), last))
        if how == 0:  # says at once that it has no more to ask
            s.shutdown(socket.SHUT_WR)
        if how == 1:  # goes without a word, or in the middle
            if i % 2:
                s.recv(rng.randrange(1, 200000))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return True
        if how == 2:  # goes in the middle, orderly
            s.recv(1 + rng.randrange(100000))
            return True
        return hashlib.sha1(read_all(s, rng, how == 3)).hexdigest() == want


def mixed(addr, n, document, want):
    todo = list(range(n))
    good, bad = [], []

    def some():
        while True:
            try:
                i = todo.pop()
            except IndexError:
                return
            try:
                (good if behave(addr, i, document, want) else bad).append(i)
            except OSError as e:
                print('connection', i, e, file=sys.stderr)
                bad.append(i)

    threads = [threading.Thread(target=some) for _ in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print('good', len(good), 'bad', len(bad))


def main(args):
    hard = max(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 20000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if args[:1] == ['open'] and len(args) > 3:
        open_all(args[1], int(args[2]), args[3:])
    elif args[:1] == ['churn'] and len(args) == 5:
        churn(args[1], int(args[2]), int(args[3]), args[4])
    elif args[:1] == ['hold'] and len(args) == 4:
        hold(args[1], int(args[2]), int(args[3]))
    elif args[:1] == ['echo'] and len(args) == 3:
        echo(args[1], int(args[2]))
    elif args[:1] == ['mixed'] and len(args) == 5:
        mixed(args[1], int(args[2]), args[3], args[4])
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main(sys.argv[1:])
