"""compare_udp.py - the suite's text cases as datagrams: what is asked in one
step is one datagram, with a request at its end whose answer says that all has
come.

memcached sends each answer by itself, in datagrams that say to be the only ones
where it holds several values; what is compared are the bytes behind the frames.
"""
import select
import socket
import struct

from compare_mask import Masks
from compare_suite import groups, read_known
from compare_wire import connect, show_difference

FRAME = struct.Struct('>HHHH')
END = b'md the-end O4711\r\n', b'NF O4711\r\n'
MOST = 1400  # bytes of a request, its frame included
SILENCE = b'<silence>'
SECONDS = 2  # without a word: it ends, and the rest was lost or never said


class Peer:
    def __init__(self, addr):
        self.addr = addr
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.connect(addr)
        self.number = 0

    def ask(self, data):
        """What is answered, up to the end."""
        self.number = (self.number + 1) & 0xffff
        self.sock.send(FRAME.pack(self.number, 0, 1, 0) + data + END[0])
        got = b''
        while not got.endswith(END[1]):
            if not select.select([self.sock], [], [], SECONDS)[0]:
                return got + SILENCE
            more = self.sock.recv(65536)
            if FRAME.unpack(more[:8])[0] == self.number:
                got += more[8:]
        return got


def usable(case):
    """Small text cases; a cut one would take the end along, and numbers of
    items are those of the answers of a connection."""
    return not (case.binary or case.raw or case.stays or case.cut or
                case.seconds or any(b'{cas' in s or b'quit' in s or
                                    len(s) > MOST - 32 for s in case.steps))


def empty(socks):
    for s in socks:
        s.sendall(b'flush_all\r\nverbosity 0\r\n')
        got = b''
        while got.count(b'\r\n') < 2:
            got += s.recv(1000)


def both(case, peers, socks):
    """Both answers; once more where a datagram may have been lost."""
    for _ in range(2):
        empty(socks)
        pair = [b''.join(p.ask(s) for s in case.steps) for p in peers]
        if not any(a.endswith(SILENCE) for a in pair):
            break
    return pair


def udp_all(addrs, known=None):
    known = read_known(known) if known else ()
    peers, masks = [Peer(a) for a in addrs], Masks()
    socks = [connect(a) for a in addrs]
    for s in socks:
        s.setblocking(True)
    run = bad = met = 0
    for group, cases in groups():
        for case in filter(usable, cases):
            masks.forget()
            x, y = masks.text(*both(case, peers, socks),
                              any(b'stats' in s for s in case.steps))
            name = '%s: %s' % (group, case.name)
            run += 1
            if x != y and name in known:
                met += 1
            elif x != y:
                bad += 1
                print('DIFFERS: ' + name)
                print(show_difference(x, y))
    print('datagrams: %d cases, %d differ, %d on purpose' % (run, bad, met))
    return bad
