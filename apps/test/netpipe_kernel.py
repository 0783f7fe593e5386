#!/usr/bin/env python3
"""netpipe_kernel.py - netpipe's other end on the kernel's sockets.

    netpipe_kernel.py serve PORT [CONNECTIONS]
    netpipe_kernel.py to ADDR PORT SIZE COUNT

`serve` answers as netpipe does, for so many connections (default 1); it says
when it listens.  `to` makes COUNT round trips of each size up to SIZE, compares every answer, and
prints size, round trips, one way in us (median, 99 %) and Gbit/s.
"""
import socket
import struct
import sys
import time

MOST = 4 << 20
CONTENT = bytes(i % 251 for i in range(251)) * (MOST // 251 + 1)


def receive(s, n):
    """n bytes; or fewer, at the end of the connection."""
    buf = bytearray(n)
    view = memoryview(buf)
    got = 0
    while got < n:
        more = s.recv_into(view[got:])
        if not more:
            break
        got += more
    return bytes(buf[:got])


def answer(s):
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        head = receive(s, 8)
        if len(head) < 8:
            return
        size, count = struct.unpack('>II', head)
        if not 0 < size <= MOST:
            return
        for _ in range(count):
            message = receive(s, size)
            if len(message) < size:
                return
            s.sendall(message)


def serve(port, connections=1):
    with socket.create_server(('', port)) as listener:
        print('listens', flush=True)
        for _ in range(connections):
            with listener.accept()[0] as s:
                answer(s)


def sizes(most):
    n = 1
    while n < most:
        yield n
        if n > 1 and n + n // 2 < most:
            yield n + n // 2
        n *= 2
    yield most


def go_round(s, size, count):
    message = CONTENT[:size]
    took = []
    s.sendall(struct.pack('>II', size, count))
    for _ in range(count):
        at = time.monotonic_ns()
        s.sendall(message)
        got = receive(s, size)
        took.append(time.monotonic_ns() - at)
        if got != message:
            sys.exit('netpipe_kernel: an answer of %d bytes is wrong' % size)
    return sorted(took)


def to(addr, port, most, count):
    with socket.create_connection((addr, port), timeout=20) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for size in sizes(most):
            took = go_round(s, size, count)
            print(size, count, '%.2f' % (took[(count - 1) // 2] / 2e3),
                  '%.2f' % (took[(count - 1) * 99 // 100] / 2e3),
                  '%.6f' % (16 * size * count / sum(took)), flush=True)


if __name__ == '__main__':
    args = sys.argv[1:]
    if args[:1] == ['serve'] and len(args) in (2, 3):
        serve(*map(int, args[1:]))
    elif args[:1] == ['to'] and len(args) == 5:
        to(args[1], *map(int, args[2:]))
    else:
        sys.exit(__doc__)
