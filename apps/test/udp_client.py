# udp_client.py WHAT ADDR [N] - a client of an echo for datagrams; prints what
# came of it. Who gets no answer asks again: datagrams may be lost.
import os, select, socket, struct, sys
what, addr = sys.argv[1:3]
n = int(sys.argv[3]) if len(sys.argv) > 3 else 0

def peer(port=7):
    s = socket.socket(socket.AF_INET6 if ':' in addr else socket.AF_INET,
        socket.SOCK_DGRAM)
    s.connect((addr, port))
    return s

def answered(s, seconds):
    return bool(select.select([s], [], [], seconds)[0])

# Answers to what was asked before are passed over.
def echoes(s, data, tries=20):
    for _ in range(tries):
        try:
            s.send(data)
            while answered(s, 1):
                if s.recv(65536) == data:
                    return True
        except ConnectionRefusedError:
            pass # the port is not there yet, or not any more
    return False

if what == 'sizes': # every size up to n, and the largest that fits
    s = peer()
    most = 1500 - (48 if ':' in addr else 28)
    sizes = list(range(n + 1)) + [most]
    print(sum(echoes(s, os.urandom(k)) for k in sizes), 'of', len(sizes))
elif what == 'many': # n peers, which have asked all before the first reads
    held = [peer() for _ in range(n)]
    for i, s in enumerate(held):
        s.send(b'%06d' % i)
    print(sum(echoes(s, b'%06d' % i) for i, s in enumerate(held)))
elif what == 'alive':
    print('yes' if echoes(peer(), b'hello', 60) else 'no')
elif what == 'refused': # to a port that nobody has
    bad = 0
    for _ in range(n):
        s = peer(9)
        s.send(b'x')
        try:
            answered(s, 10)
            s.recv(1)
        except ConnectionRefusedError:
            bad += 1
    print(bad)
elif what == 'large': # in several packets, both ways
    s = peer()
    most = 1500 - (48 if ':' in addr else 28)
    sizes = [most + 1, most + 8, most + 9, 2 * most, 4096, 8192, 9216]
    print(sum(echoes(s, os.urandom(k)) for k in sizes), 'of', len(sizes))
elif what == 'huge': # the largest there is: echo has no room for it
    s = peer()
    s.send(bytes(65507))
    print('none' if echoes(s, b'behind it') else 'lost')
elif what == 'holes': # what is never whole leaves nothing behind
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    to = socket.inet_aton(addr)
    src = peer().getsockname()[0]
    for i in range(n): # a first piece each, and no other
        head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + 1480, i, 0x2000,
            64, 17, 0, socket.inet_aton(src), to)
        udp = struct.pack('!HHHH', 9999, 7, 8000, 0)
        raw.sendto(head + udp + bytes(1472), (addr, 0))
    s = peer()
    print('yes' if echoes(s, os.urandom(8192)) else 'no')
elif what == 'flood': # as fast as it goes; what is lost is lost
    s = peer()
    size = int(sys.argv[4])
    s.setblocking(False)
    got = 0
    for i in range(n):
        try:
            s.send(bytes(size))
        except BlockingIOError:
            pass
        try:
            while s.recv(65536):
                got += 1
        except BlockingIOError:
            pass
    s.setblocking(True)
    print('alive' if got and echoes(s, b'hello') else 'dead')
