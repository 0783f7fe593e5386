"""compare_wire.py - connections to the servers, and binary packets.

A Talk sends pieces on one connection while it takes what comes back; drive()
drives several at once, so that a server that waits for its reader never
stands still with a client that waits for its server.
"""
import select
import socket
import struct

PATIENCE = 20  # seconds without a byte, then a server is called silent
HEAD = struct.Struct('>BBHBBHIIQ')
TEXT_END = b'MN\r\n'


def address(text):
    host, _, port = text.rpartition(':')
    if not host or not port.isdigit():
        raise SystemExit('compare: %s: a server is HOST:PORT' % text)
    return host.strip('[]'), int(port)


def connect(addr):
    try:
        s = socket.create_connection(addr, timeout=PATIENCE)
    except OSError as e:
        raise SystemExit('compare: %s:%d: %s' % (*addr, e.strerror or e))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.setblocking(False)
    return s


class Talk:
    """Pieces to send, each by a send() of its own, and the answer.

    It is over when all is sent and the answer ends with `tail`, or at the
    server's end of the connection. `shut`: half-close behind the last piece.
    `how` is then 'done', 'end', or 'silent'.
    """

    def __init__(self, sock, pieces, tail=None, shut=False):
        self.sock = sock
        self.out = [memoryview(p) for p in pieces if p]
        self.out.reverse()
        self.tail = tail
        self.shut = shut
        self.got = bytearray()
        self.how = None
        if not self.out:
            self.sent_all()

    def sent_all(self):
        if self.shut:
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # its end is seen by reading
        self.check()

    def check(self):
        if self.tail and not self.out and self.got.endswith(self.tail):
            self.how = 'done'

    def write(self):
        try:
            while self.out:
                piece = self.out[-1]
                n = self.sock.send(piece)
                if n < len(piece):
                    self.out[-1] = piece[n:]
                    return
                self.out.pop()
        except BlockingIOError:
            return
        except OSError:
            self.out.clear()  # its end is seen by reading
        self.sent_all()

    def read(self):
        try:
            more = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            more = b''
        if more:
            self.got += more
            self.check()
        else:
            self.how = 'end'

    def wants(self):
        return select.POLLIN | (select.POLLOUT if self.out else 0)


def drive(talks, patience=PATIENCE):
    poll = select.poll()
    open_ = {}
    for t in talks:
        if t.out:
            t.write()
        if not t.how:
            open_[t.sock.fileno()] = t
            poll.register(t.sock, t.wants())
    while open_:
        ready = poll.poll(patience * 1000)
        if not ready:
            for t in open_.values():
                t.how = 'silent'
            return
        for fd, event in ready:
            t = open_[fd]
            if event & ~select.POLLOUT:
                t.read()
            if t.how is None and event & select.POLLOUT and t.out:
                t.write()
            if t.how:
                poll.unregister(fd)
                del open_[fd]
            else:
                poll.modify(fd, t.wants())


def request(op, key=b'', value=b'', extras=b'', cas=0, opaque=0, magic=0x80,
            keylen=None, extlen=None, bodylen=None, datatype=0, vbucket=0):
    """A binary request; lengths that are given may lie."""
    body = extras + key + value
    return HEAD.pack(magic, op,
                     len(key) if keylen is None else keylen,
                     len(extras) if extlen is None else extlen,
                     datatype, vbucket,
                     len(body) if bodylen is None else bodylen,
                     opaque, cas) + body


def noop(opaque):
    """A no-op and the answer that it gets: the end of what came before."""
    return (request(0x0a, opaque=opaque),
            HEAD.pack(0x81, 0x0a, 0, 0, 0, 0, 0, opaque, 0))


def packets(data):
    """The answers in a stream, as (header fields, body); then the rest."""
    at = 0
    while len(data) - at >= 24:
        head = HEAD.unpack_from(data, at)
        end = at + 24 + head[6]
        if head[0] != 0x81 or end > len(data):
            break
        yield head, bytes(data[at + 24:end])
        at = end
    if at < len(data):
        yield None, bytes(data[at:])


def dump(data, at, around=48):
    """Lines of hex and text of what is about offset `at`."""
    begin = max(0, at - around) & ~15
    lines = []
    for i in range(begin, min(len(data), at + around), 16):
        row = bytes(data[i:i + 16])
        lines.append('%7d  %-47s  %s' % (
            i, row.hex(' '),
            ''.join(chr(c) if 32 <= c < 127 else '.' for c in row)))
    return lines or ['%7d  (nothing)' % len(data)]


def first_difference(a, b):
    n = min(len(a), len(b))
    if a[:n] == b[:n]:
        return n
    low, high = 0, n  # a and b agree before low
    while high - low > 1:
        mid = (low + high) // 2
        if a[low:mid] == b[low:mid]:
            low = mid
        else:
            high = mid
    return low


def show_difference(a, b):
    """The text of a difference between two answers."""
    at = first_difference(a, b)
    lines = ['    differ from byte %d on; %d and %d bytes'
             % (at, len(a), len(b))]
    for name, data in (('first', a), ('second', b)):
        lines += ['    %s:' % name] + ['      ' + s for s in dump(data, at)]
    return '\n'.join(lines)
