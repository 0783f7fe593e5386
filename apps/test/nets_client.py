# nets_client.py WHAT ADDR [N] - one client of several network cores that have
# one address; prints what came of it. hold: tells on stdout, and waits for a
# line on stdin, before it goes on.
import socket, struct, sys
what, addr = sys.argv[1:3]
n = int(sys.argv[3]) if len(sys.argv) > 3 else 0
v6 = ':' in addr

def peer(port=7):
    return socket.create_connection((addr, port), timeout=20)

def echoes(s, i):
    try:
        s.sendall(b'%06d' % i)
        got = b''
        while len(got) < 6:
            more = s.recv(6 - len(got))
            if not more:
                return False
            got += more
        return got == b'%06d' % i
    except (ConnectionResetError, BrokenPipeError):
        return False

def checksum(b):
    s = sum(struct.unpack('!%dH' % (len(b) // 2), b))
    s = (s >> 16) + (s & 0xffff)
    return ~(s + (s >> 16)) & 0xffff

# From as many addresses of ours as are said; each one is answered once.
def ping(src, count):
    s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET,
        socket.SOCK_RAW,
        socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP)
    s.bind((src, 0))
    s.settimeout(10)
    ask, answer, skip = (128, 129, 0) if v6 else (8, 0, 20)
    got = []
    for seq in range(count):
        m = struct.pack('!BBHHH', ask, 0, 0, 77, seq) + b'datadata'
        if not v6:
            m = m[:2] + struct.pack('!H', checksum(m)) + m[4:]
        s.sendto(m, (addr, 0))
        while not got or got[-1] != seq:
            b = s.recv(2048)[skip:]
            if b[0] == answer and b[4:6] == b'\0\x4d':
                got.append(struct.unpack('!H', b[6:8])[0])
    return got == list(range(count))

if what == 'many':
    held = [peer() for _ in range(n)]
    print(sum(echoes(s, i) for i, s in enumerate(held)))
elif what == 'refused': # by a reset, each connect by exactly one
    bad = 0
    for _ in range(n):
        try:
            peer(9)
        except ConnectionRefusedError:
            bad += 1
    print(bad)
elif what == 'datagrams': # to a port that nobody has
    bad = 0
    for _ in range(n):
        s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET,
            socket.SOCK_DGRAM)
        s.settimeout(10)
        s.connect((addr, 9))
        s.send(b'x')
        try:
            s.recv(1)
        except ConnectionRefusedError:
            bad += 1
    print(bad)
elif what == 'ping':
    print(sum(ping(src, n) for src in sys.argv[4:]))
elif what == 'hold': # whose connections live on when one of two is killed?
    held = [peer() for _ in range(n)]
    all(echoes(s, i) for i, s in enumerate(held))
    print('held', flush=True)
    sys.stdin.readline()
    print(sum(echoes(s, i) for i, s in enumerate(held)), flush=True)
