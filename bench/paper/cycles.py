# cycles.py - where processes spend their time: samples of the CPU clock, each
# given to the room of the source file that it was in.
#
# perf knows the address. The maps of the process say which file that is, and
# addr2line which source lines: of functions that were inlined the innermost in
# this tree counts, since a FIFO's code is the FIFO's wherever it ended up.
import collections
import pathlib
import re
import struct
import subprocess

import lab
import machine

HERTZ = 997
# The longest path that fits decides.
ROOMS = (('netcore/stack/', 'engine'), ('netcore/driver/', 'driver'),
         ('netcore/door/', 'door'), ('netcore/', 'loop'),
         ('noc/idle', 'waiting'), ('noc/', 'noc'), ('appcore/', 'library'),
         ('apps/', 'app'), ('mem/', 'library'), ('dlibos/', 'library'))
GROUPS = ('engine', 'driver', 'door', 'noc', 'loop', 'library', 'app', 'locks',
          'libc', 'kernel', 'waiting', 'other')
LOCKS = re.compile(r'^(lock_(raw_)?(take|try|drop)|ck_spinlock\w*|'
                   r'_*pthread_mutex_\w+|_*(lll|futex)_\w+|'
                   r'native_queued_spin_lock_slowpath)$')
LINE = re.compile(r'^\s*(\d+)\s+([0-9a-f]+)\s+(.*) \((.*)\)$')


def family(pid):
    """A process and all that it started."""
    found = [pid]
    for task in pathlib.Path(f'/proc/{pid}/task').glob('*/children'):
        try:
            for child in task.read_text(encoding='ascii').split():
                found += family(int(child))
        except OSError:
            pass  # it ended meanwhile
    return found


def roles(ground, setup, process):
    """Process: what it is called."""
    found = {}
    if setup.linux:
        workers = family(process.pid)
        for pid in workers[1:] or workers:
            found[pid] = setup.name
        return found
    for name, pid in re.findall(r'^(\S+) .*process ([1-9]\d*),',
                                ground.status(process), re.M):
        for each in family(int(pid)):
            role = name.rstrip('0123456789')
            found[each] = setup.name + ('' if role == 'rtc' else ' ' + role)
    if not found:
        raise lab.Failed('dlibos status names no processes')
    return found


class Maps:
    """Which file an address of a process belongs to, and where in it."""

    def __init__(self, pids):
        self.of = {pid: self.read(pid) for pid in pids}

    @staticmethod
    def read(pid):
        found = []
        try:
            with open(f'/proc/{pid}/maps', encoding='utf-8',
                      errors='replace') as f:
                for line in f:
                    words = line.split(None, 5)
                    if len(words) == 6 and 'x' in words[1]:
                        low, high = (int(x, 16) for x in words[0].split('-'))
                        found.append((low, high, int(words[2], 16),
                                      words[5].strip()))
        except OSError:
            pass
        return found

    def find(self, pid, ip):
        for low, high, offset, path in self.of.get(pid, ()):
            if low <= ip < high:
                return path, ip - low + offset
        return None, 0


def segments(path):
    """(offset, size, address) of what an ELF file of 64 bits loads."""
    found = []
    with open(path, 'rb') as f:
        head = f.read(64)
        if len(head) < 64 or head[:5] != b'\x7fELF\x02':
            return found
        start, = struct.unpack_from('<Q', head, 32)
        size, count = struct.unpack_from('<HH', head, 54)
        f.seek(start)
        table = f.read(size * count)
    for i in range(count):
        kind, _, offset, address, _, length = struct.unpack_from(
            '<IIQQQQ', table, i * size)
        if kind == 1:
            found.append((offset, length, address))
    return found


def source_lines(path, offsets):
    """Offset in the file: [(function, source file)], the innermost first."""
    loaded = segments(path)
    at = {}
    for offset in offsets:
        for start, length, address in loaded:
            if start <= offset < start + length:
                at[offset - start + address] = offset
    try:
        done = subprocess.run(
            ['addr2line', '-a', '-i', '-f', '-e', path], text=True,
            input='\n'.join(map(hex, at)) + '\n', stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return {}
    found, frames, function = {}, None, None
    for line in done.stdout.splitlines():
        if line.startswith('0x'):
            frames, function = found.setdefault(at[int(line, 16)], []), None
        elif function is None:
            function = line
        else:
            frames.append((function, line.rsplit(':', 1)[0]))
            function = None
    return found


def source_root(ground):
    """Where the sources lay when this was built."""
    try:
        cache = (ground.bin.parent / 'CMakeCache.txt').read_text('utf-8')
        found = re.search(r'^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$', cache,
                          re.M)
    except OSError:
        found = None
    return (found[1] if found else str(machine.ROOT)) + '/'


def room_of(frames, root):
    if any(LOCKS.match(function) for function, _ in frames):
        return 'locks'
    for _, path in frames:
        if path.startswith(root):
            for prefix, room in ROOMS:
                if path[len(root):].startswith(prefix):
                    return room
    return 'other'


def by_name(symbol, dso, linux):
    """What has no source here."""
    symbol = symbol.split('@')[0]
    if LOCKS.match(symbol):
        return 'locks'
    if dso.startswith('[') and dso != '[vdso]':
        return 'kernel'
    name = dso.rsplit('/', 1)[-1]
    if name.startswith('librte_'):
        return 'driver'
    if name.startswith(('libc.', 'libc-', 'ld-')) or dso == '[vdso]':
        return 'libc'
    return 'app' if linux else 'other'


def samples(ground, setup, process, seconds):
    """Takes samples for a time. {role: Counter of groups}."""
    names = roles(ground, setup, process)
    data = ground.dir / 'perf.data'
    ground.ask(['perf', 'record', '-q', '-e', 'cpu-clock', '-F', HERTZ, '-o',
                data, '-p', ','.join(map(str, names)), '--', 'sleep',
                seconds], seconds=seconds + 60, label=setup.name)
    maps = Maps(names)
    text = ground.must(['perf', 'script', '-i', str(data), '-F',
                        'pid,ip,sym,dso'])
    return names, maps, [m.groups() for m in map(LINE.match, text.splitlines())
                         if m]


def where(ground, setup, process, seconds):
    names, maps, taken = samples(ground, setup, process, seconds)
    ours = collections.defaultdict(set)
    placed = []
    for pid, ip, symbol, dso in taken:
        path, offset = maps.find(int(pid), int(ip, 16))
        if path and pathlib.Path(path).parent == ground.bin:
            ours[path].add(offset)
        placed.append((int(pid), path, offset, symbol, dso))
    lines = {path: source_lines(path, offsets) for path, offsets in
             ours.items()}
    found, root = {}, source_root(ground)
    for pid, path, offset, symbol, dso in placed:
        frames = lines.get(path, {}).get(offset)
        group = room_of(frames, root) if frames else by_name(symbol, dso,
                                                       setup.linux)
        role = names.get(pid, setup.name)
        found.setdefault(role, collections.Counter())[group] += 1
    if not found:
        raise lab.Failed('perf took no samples')
    return found
