# udp_client.py WHAT ADDR [N] - a client of an echo for datagrams; prints what
# came of it. Who gets no answer asks again: datagrams may be lost.
import os, select, socket, sys
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
elif what == 'large': # more than a packet: no answer, and no harm
    s = peer()
    s.send(bytes(3000))
    print('none' if echoes(s, b'behind it') else 'lost')
elif what == 'flood': # as fast as it goes; what is lost is lost
    s = peer()
    s.setblocking(False)
    got = 0
    for i in range(n):
        try:
            s.send(bytes(100))
        except BlockingIOError:
            pass
        try:
            while s.recv(65536):
                got += 1
        except BlockingIOError:
            pass
    s.setblocking(True)
    print('alive' if got and echoes(s, b'hello') else 'dead')
