"""compare_proxy.py - a server with a fault, by a proxy before a good one.

Faults:	none		nothing is wrong
	byte		the thousandth byte of every answer stream is another
	word		NOT_FOUND is said NOT_STORED
	case		one letter of an error is small
	flags		a binary answer's flags are others
	late		an answer ends a byte early; the byte never comes
	stored		a value changes on its way in, now and then
"""
import select
import socket

from compare_wire import connect


def fault_byte(state, data):
    at = 1000 - state['n']
    if 0 <= at < len(data):
        data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
    return data


FAULTS = {
    'none': lambda state, data: data,
    'byte': fault_byte,
    'word': lambda state, data: data.replace(b'NOT_FOUND', b'NOT_STORED'),
    'case': lambda state, data: data.replace(b'CLIENT_ERROR bad',
                                             b'CLIENT_ERROR Bad'),
    'flags': lambda state, data: data.replace(b'\0\0\0\x07abc',
                                              b'\7\0\0\0abc'),
    'late': lambda state, data: data.replace(b'EXISTS\r\n', b'EXISTS\r'),
    'stored': lambda state, data: data,
}


class Half:
    """One direction of one connection."""

    def __init__(self, source, sink, fault):
        self.source, self.sink, self.fault = source, sink, fault
        self.state = {'n': 0}
        self.left = b''
        self.ended = False

    def read(self):
        try:
            data = self.source.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b''
        if not data:
            self.ended = True
        self.left = self.fault(self.state, data)
        self.state['n'] += len(data)
        self.write()

    def write(self):
        try:
            while self.left:
                self.left = self.left[self.sink.send(self.left):]
            if self.ended:
                self.sink.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self.left, self.ended = b'', True


def stored(state, data):
    """Changes a byte in the middle of what is long: data, no command."""
    if len(data) > 60000:
        data = data[:30000] + b'\1' + data[30001:]
    return data


def proxy(port, addr, fault):
    if fault not in FAULTS:
        raise SystemExit('compare: faults are: ' + ' '.join(FAULTS))
    listener = socket.create_server(('127.0.0.1', port), backlog=64)
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    halves = {}  # fd: from it, to it
    print('ready', flush=True)

    def again(fd):
        """Says what is waited for on a connection."""
        out, into = halves[fd]
        events = 0 if out.left or out.ended else select.POLLIN
        poll.modify(fd, events | (select.POLLOUT if into.left else 0))

    while True:
        for fd, event in poll.poll():
            if fd == listener.fileno():
                a, b = listener.accept()[0], connect(addr)
                a.setblocking(False)
                a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                up = Half(a, b, stored if fault == 'stored'
                          else FAULTS['none'])
                down = Half(b, a, FAULTS[fault])
                halves[a.fileno()], halves[b.fileno()] = (up, down), (down, up)
                poll.register(a, select.POLLIN)
                poll.register(b, select.POLLIN)
                continue
            if fd not in halves:
                continue
            out, into = halves[fd]
            if event & select.POLLOUT:
                into.write()
            if not out.ended and not out.left:
                out.read()
            elif event & (select.POLLHUP | select.POLLERR):
                into.left, into.ended = b'', True
            if out.ended and into.ended and not out.left + into.left:
                for s in (out.source, out.sink):
                    poll.unregister(s)
                    del halves[s.fileno()]
                    s.close()
            else:
                again(fd)
                again(out.sink.fileno())
