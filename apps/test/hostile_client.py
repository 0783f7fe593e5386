#!/usr/bin/env python3
"""hostile_client.py - the kernel's side of hostile_system.

    hostile_client.py echo ADDR FILE    until the last line of FILE is "0 done":
                                        echo is right on new and on old
                                        connections; says how often
    hostile_client.py many ADDR N       N echo connections at the same time
    hostile_client.py ping ADDR         one ICMP echo
    hostile_client.py prey ADDR         connects to where the hostile program
                                        listens, takes and sends what comes; is
                                        connected to, until it is ended
"""
import os
import random
import selectors
import socket
import struct
import sys
import threading

PORTS = range(2000, 2008)


def done(path):
    with open(path) as f:
        return f.read().endswith('0 done\n')


def exchange(s, data):
    t = threading.Thread(target=s.sendall, args=(data,))
    t.start()
    got = bytearray()
    while len(got) < len(data):
        more = s.recv(1 << 16)
        if not more:
            break
        got += more
    t.join()
    return got == data


def new(addr):
    return socket.create_connection((addr, 7), timeout=30)


def datagram(s, data):
    for _ in range(30): # any may be lost
        s.send(data)
        try:
            while s.recv(1 << 16) != data:
                pass
            return True
        except TimeoutError:
            pass
    return False


def echo(addr, path):
    rng = random.Random(1)
    old = new(addr)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect((addr, 7))
    udp.settimeout(1)
    rounds = 0
    last = False
    while not last:
        last = done(path)
        data = os.urandom(rng.choice((1, 100, 1460, 20000, 300000)))
        with new(addr) as s:
            if not exchange(s, data) or not exchange(old, data):
                sys.exit('echo is wrong in round %d' % rounds)
        if not datagram(udp, data[:1400]):
            sys.exit('no datagram comes back in round %d' % rounds)
        rounds += 1
    print('right' if rounds > 2 else 'too short: %d rounds' % rounds)
    print(rounds, 'rounds of echo', file=sys.stderr)


def many(addr, n):
    held = [new(addr) for _ in range(n)]
    for i, s in enumerate(held):
        s.sendall(b'%06d' % i)
    print(sum(s.recv(6) == b'%06d' % i for i, s in enumerate(held)))


def checksum(data):
    total = sum(data[0::2]) * 256 + sum(data[1::2])
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ping(addr):
    text = b'\x12\x34\0\1' + b'are you there?!!'
    with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_ICMP) as s:
        s.settimeout(10)
        s.connect((addr, 0))
        s.send(b'\x08\0' + struct.pack('>H', checksum(b'\x08\0' + text)) +
               text)
        while True:
            got = s.recv(2048)[20:]
            if got[:2] == b'\0\0' and got[4:] == text:
                print('answered')
                return


class Prey:
    """Some connections to it, and all that come from it."""

    def __init__(self, addr):
        self.addr = addr
        self.rng = random.Random(2)
        self.sel = selectors.DefaultSelector()
        self.listener = socket.create_server(('', 2100), backlog=64)
        self.listener.setblocking(False)
        self.sel.register(self.listener, selectors.EVENT_READ)
        self.there = 0
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def add(self, s):
        s.setblocking(False)
        self.there += 1
        self.sel.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def drop(self, s):
        self.there -= 1
        self.sel.unregister(s)
        s.close()

    def serve(self, s, events):
        try:
            if events & selectors.EVENT_READ and not s.recv(1 << 16):
                self.drop(s)
            elif events & selectors.EVENT_WRITE:
                s.send(b'x' * self.rng.randrange(1, 30000))
                if self.rng.randrange(64) == 0:
                    self.drop(s)
        except BlockingIOError:
            pass
        except OSError:
            self.drop(s)

    def turn(self):
        self.datagrams.sendto(os.urandom(self.rng.randrange(1400)),
                              (self.addr, self.rng.choice(PORTS)))
        while self.there < 32:
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex((self.addr, self.rng.choice(PORTS)))
            self.add(s)
        for key, events in self.sel.select(1):
            if key.fileobj is not self.listener:
                self.serve(key.fileobj, events)
            elif self.there < 256:
                self.add(self.listener.accept()[0])
            else:
                self.listener.accept()[0].close()


def prey(addr):
    p = Prey(addr)
    while True:
        p.turn()


if __name__ == '__main__':
    args = sys.argv[1:]
    if args[:1] == ['echo'] and len(args) == 3:
        echo(args[1], args[2])
    elif args[:1] == ['many'] and len(args) == 3:
        many(args[1], int(args[2]))
    elif args[:1] == ['ping'] and len(args) == 2:
        ping(args[1])
    elif args[:1] == ['prey'] and len(args) == 2:
        prey(args[1])
    else:
        sys.exit(__doc__)
