# machine.py - what machine this is, and which layouts it has CPUs for.
import datetime
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def text_of(*words):
    """What a command says; None if it fails or is not there."""
    try:
        return subprocess.run(words, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True,
                              check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def commit():
    at = text_of('git', '-C', str(ROOT), 'rev-parse', '--short=12', 'HEAD')
    if not at:
        return 'unknown'
    changed = text_of('git', '-C', str(ROOT), 'status', '--porcelain',
                      '--untracked-files=no')
    return at + (' and changes' if changed else '')


def processor():
    try:
        with open('/proc/cpuinfo', encoding='utf-8') as f:
            for line in f:
                if line.startswith('model name'):
                    return line.split(':', 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def may():
    return sorted(os.sched_getaffinity(0))


def memory_mib():
    pages = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    return pages // (1 << 20)


def load():
    return '%.1f %.1f %.1f' % os.getloadavg()


def describe():
    return {
        'cpus': ','.join(map(str, may())),
        'processor': processor(),
        'kernel': platform.release(),
        'system': text_of('sh', '-c', '. /etc/os-release; '
                          'echo "$PRETTY_NAME"') or platform.system(),
        'memory': '%d MiB' % memory_mib(),
        'commit': commit(),
        'load average before': load(),
        'date': datetime.datetime.now(datetime.timezone.utc)
                .strftime('%Y-%m-%d %H:%M UTC'),
    }


def caches():
    """How many groups of CPUs share a last-level cache."""
    groups = set()
    for cpu in may():
        path = f'/sys/devices/system/cpu/cpu{cpu}/cache/index3/shared_cpu_list'
        try:
            groups.add(pathlib.Path(path).read_text(encoding='ascii'))
        except OSError:
            return 1
    return len(groups)


class Setup:
    """How a server runs: its CPUs, its client's, and the options of `dlibos
    run` (None: it is no instance but a program on Linux)."""

    def __init__(self, name, server, client, options, app_cores):
        self.name = name
        self.server = server
        self.client = client
        self.options = options
        self.app_cores = app_cores

    @property
    def linux(self):
        return self.options is None

    @property
    def apart(self):
        """No CPU is the server's and the client's: both may poll."""
        return not set(self.server) & set(self.client)

    @property
    def shares(self):
        """Its application cores are of one process of ours."""
        return (not self.linux and self.app_cores > 1 and
                'rtc' not in self.options)

    @property
    def roles(self):
        """Of its cores, where there is no layout by name for that."""
        if self.linux or self.app_cores == 1 or '--layout' in self.options:
            return ''
        if 'rtc' in self.options:
            return 'R' * self.app_cores
        return 'N' + 'A' * self.app_cores

    @property
    def threads(self):
        """Of a client that takes what CPUs the server leaves."""
        return len(self.client) if self.apart else 1


def ratios(cores):
    """Ratios net:app that so many cores can tell apart, and the application
    cores of each; the launcher shares all cores out."""
    found = []
    for net, app in ((1, 1), (1, 2), (2, 1)):
        if cores < net + app:
            continue
        ours = (2 * cores * net + net + app - 1) // (2 * (net + app))
        apps = cores - min(max(ours, 1), cores - 1)
        found.append((f'{net}:{app}', apps))
        if caches() > 1 and cores >= 2 * (net + app):
            found.append((f'{net}:{app}/quadrant', apps))
    return found


def setups(linux):
    """One CPU is shared by all. Of two, the halves of a split instance have one
    each, and the client goes where there is room; what is one process leaves
    the client a CPU. Of more, a third is the client's."""
    cpus = may()
    n = len(cpus)
    if n == 1:
        split = [Setup('dlibos 1:1', cpus, cpus, ['--layout', '1:1',
                       '--oversubscribe', '--idle', 'sleep'], 1)]
        server = client = cpus
    elif n == 2:
        split = [Setup('dlibos 1:1', cpus, cpus, ['--layout', '1:1'], 1)]
        server, client = cpus[1:], cpus[:1]
    else:
        third = max(1, n // 3)
        server, client = cpus[third:], cpus[:third]
        split = [Setup('dlibos ' + text, server, client, ['--layout', text],
                       apps) for text, apps in ratios(len(server))]
    rtc = Setup('rtc', server, client, ['--mode', 'rtc'], len(server))
    return split + [rtc, Setup(linux, server, client, None, len(server))]


def contended(linux):
    """The same, with a program on two cores of one process at least where there
    are two CPUs: who shares nothing waits for no lock."""
    found = setups(linux)
    if len(may()) > 1 and not any(setup.shares for setup in found):
        found.insert(-1, Setup('dlibos 1:2', found[0].server, found[0].client,
                               ['--oversubscribe'], 2))
    return found


def lone(linux):
    """The same with one network core at each end: for a single connection, and
    for shared memory, where each network core has a link of its own."""
    found = []
    for setup in setups(linux):
        cores = 1
        if setup.name == 'dlibos 1:1':
            cores = 2 if setup.apart else len(setup.server)
        elif not setup.linux and setup.name != 'rtc':
            continue
        found.append(Setup(setup.name, setup.server[:cores],
                           setup.client[:cores], setup.options, 1))
    return found


def layout(roles):
    """A layout file's text: one core for each letter."""
    return f'[layout]\nname = {roles.lower()}\n\n[roles]\n0 = {roles}\n'
