# lab.py - two network namespaces, and what runs in them: instances, nginx,
# memcached, clients. Leaving the lab ends all of it, and every command that was
# started is in `commands`, with what it said in `raw`.
import contextlib
import itertools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import machine

SERVER_IP = '10.97.0.2'
CLIENT_IP = '10.97.0.1'
MEMIF_SERVER_IP = '10.98.0.2'
PATIENCE = 20  # seconds until a server must answer
PROBES = 8


class Failed(Exception):
    """A measurement is not there; the text says why in a line."""


def last_line(path):
    try:
        text = path.read_text(encoding='utf-8', errors='replace').strip()
    except OSError:
        return ''
    return text.splitlines()[-1] if text else ''


class Lab:
    def __init__(self, bin_dir, quick):
        self.bin = bin_dir
        self.quick = quick
        self.commands = []
        self.raw = []
        self.running = []
        self.name = f'dlp{os.getpid()}'
        self.ns = {'server': self.name + 's', 'client': self.name + 'c'}
        self.made = []
        self.numbers = itertools.count()
        self.dir = None

    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='dlpaper-'))
        self.dir.chmod(0o755)
        return self

    def __exit__(self, *why):
        for process in reversed(self.running[:]):
            self.end(process)
        for ns in self.made:
            subprocess.run(['ip', 'netns', 'del', ns], check=False,
                           stderr=subprocess.DEVNULL)
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- places ---------------------------------------------------------------

    def networks(self):
        """Makes both namespaces, once. The congestion control is the one that
        does not handicap the kernel's side."""
        if self.made:
            return
        if os.geteuid() != 0:
            raise Failed('it takes root to make network namespaces')
        for ns in self.ns.values():
            self.must(['ip', 'netns', 'add', ns])
            self.made.append(ns)
            self.must(['ip', '-n', ns, 'link', 'set', 'lo', 'up'])
            for cc in ('cubic', 'reno'):
                if subprocess.run(['ip', 'netns', 'exec', ns, 'sysctl', '-qw',
                                   f'net.ipv4.tcp_congestion_control={cc}'],
                                  check=False, stderr=subprocess.DEVNULL,
                                  ).returncode == 0:
                    break

    @contextlib.contextmanager
    def kernel_link(self):
        """A veth between the namespaces with addresses of the kernel's, without
        offloads: as on a wire, and as our own port has it."""
        self.networks()
        a, b = self.name + 'a', self.name + 'b'
        c, s = self.ns['client'], self.ns['server']
        self.must(['ip', 'link', 'add', a, 'netns', c, 'type', 'veth', 'peer',
                   'name', b, 'netns', s])
        try:
            for ns, dev, ip in ((c, a, CLIENT_IP), (s, b, SERVER_IP)):
                self.must(['ip', '-n', ns, 'addr', 'add', ip + '/24', 'dev',
                           dev])
                self.must(['ip', '-n', ns, 'link', 'set', dev, 'up'])
                self.must(['ip', 'netns', 'exec', ns, 'ethtool', '-K', dev,
                           'tx', 'off', 'tso', 'off', 'gso', 'off', 'gro',
                           'off'])
            yield
        finally:
            subprocess.run(['ip', '-n', c, 'link', 'del', a], check=False,
                           stderr=subprocess.DEVNULL)

    # --- commands -------------------------------------------------------------

    def words(self, command, where, cpus):
        if not shutil.which(command[0]):
            raise Failed(f'there is no {command[0]}; ./dev bench paper all '
                         'installs what is missing')
        at = []
        if where:
            self.networks()
            at = ['ip', 'netns', 'exec', self.ns[where]]
        if cpus:
            at += ['taskset', '-c', ','.join(map(str, cpus))]
        at += [str(word) for word in command]
        self.commands.append(' '.join(at))
        return at

    def must(self, command):
        """A small step that has no result."""
        try:
            done = subprocess.run(command, check=False, text=True,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        except OSError as e:
            raise Failed(f'{command[0]}: {e.strerror}; ./dev bench paper '
                         'all installs what is missing') from e
        if done.returncode:
            said = done.stdout.strip().splitlines()
            raise Failed(f'{" ".join(map(str, command))}: '
                         f'{said[-1] if said else done.returncode}')
        return done.stdout

    def start(self, command, where=None, cpus=None):
        """In the background, until end(); it dies with us."""
        at = self.words(command, where, cpus)
        log = self.dir / f'log{next(self.numbers)}'
        try:
            with open(log, 'wb') as out:
                process = subprocess.Popen(
                    ['setpriv', '--pdeathsig', 'TERM'] + at, stdout=out,
                    stderr=out, stdin=subprocess.DEVNULL)
        except OSError as e:
            raise Failed(f'{at[0]}: {e.strerror}') from e
        process.log = log
        self.running.append(process)
        return process

    def end(self, process):
        if process in self.running:
            self.running.remove(process)
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def ask(self, command, where=None, cpus=None, seconds=60, label=''):
        """Runs a command to its end and keeps what it says; its lines of JSON
        as what they are. Returns the text."""
        at = self.words(command, where, cpus)
        process = None
        try:
            process = subprocess.Popen(
                ['setpriv', '--pdeathsig', 'TERM'] + at, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL)
            self.running.append(process)
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as e:
            self.end(process)
            raise Failed(f'{command[0]}: no result in {seconds:.0f} s') from e
        except OSError as e:
            raise Failed(f'{at[0]}: {e.strerror}') from e
        self.running.remove(process)
        self.raw.append({'label': label, 'command': ' '.join(at),
                         'output': parsed(out)})
        if process.returncode:
            said = (err.strip() or out.strip() or 'it failed').splitlines()
            name = pathlib.Path(str(command[0])).name + ': '
            raise Failed(name + said[-1].removeprefix(name))
        return out

    # --- servers --------------------------------------------------------------

    def until(self, port, process):
        """Waits until a server answers from the client's namespace: several
        times in a row, for each of its cores begins to listen by itself."""
        probe = ['ip', 'netns', 'exec', self.ns['client'], 'timeout', '1',
                 'bash', '-c', f'exec 3<>/dev/tcp/{SERVER_IP}/{port}']
        self.until_true(process, lambda: all(subprocess.run(
            probe, check=False, stderr=subprocess.DEVNULL).returncode == 0
            for _ in range(PROBES)))

    def options_of(self, setup):
        """Options of `dlibos run`; a layout that has no name is a file."""
        options = list(setup.options)
        if setup.roles:
            path = self.dir / f'{setup.roles.lower()}.layout'
            path.write_text(machine.layout(setup.roles), encoding='ascii')
            options += ['--layout', str(path)]
        return options

    @contextlib.contextmanager
    def instance(self, setup, program, port, options=()):
        """An instance in the server's namespace with a veth to the client's."""
        self.networks()
        name = f'{self.name}n{next(self.numbers)}'
        run = [self.bin / 'dlibos', 'run', '--name', name]
        run += self.options_of(setup) + list(options)
        run += ['--port', f'veth:{self.name}w,netns={self.ns["client"]},'
                f'peer={self.name}v', '--ip', SERVER_IP + '/24', '--']
        process = self.start(run + program, 'server', setup.server)
        process.instance = name
        try:
            self.until(port, process)
            yield process
        finally:
            self.end(process)

    @contextlib.contextmanager
    def bare_instance(self, setup, program):
        """The same for a client that is an instance, too: the far end of the
        veth has no address. Yields the client's port."""
        self.networks()
        name = f'{self.name}n{next(self.numbers)}'
        far = self.name + 'v'
        run = [self.bin / 'dlibos', 'run', '--name', name]
        run += self.options_of(setup)
        run += ['--port', f'veth:{self.name}w,netns={self.ns["client"]},'
                f'peer={far}', '--ip', SERVER_IP + '/24', '--']
        process = self.start(run + program, 'server', setup.server)
        process.instance = name
        try:
            self.until_true(process, lambda: ' running ' in
                            self.status(process))
            client = self.ns['client']
            self.must(['ip', '-n', client, 'addr', 'flush', 'dev', far])
            self.must(['ip', 'netns', 'exec', client, 'ethtool', '-K', far,
                       'tx', 'off', 'tso', 'off', 'gso', 'off', 'gro', 'off'])
            yield 'afpacket:' + far
        finally:
            self.end(process)

    def until_true(self, process, look):
        """Waits for what a running server brings about."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            try:
                if look():
                    return
            except (Failed, OSError):
                pass  # not yet
            time.sleep(.05)
        raise Failed(f'it does not come up: {last_line(process.log)}')

    def listens(self, port, process):
        """For a server that serves one connection only."""
        self.until_true(process, lambda: self.must(
            ['ip', 'netns', 'exec', self.ns['server'], 'ss', '-Hltn',
             f'sport = :{port}']).strip())

    @contextlib.contextmanager
    def shared_memory(self, setup, program, options=()):
        """An instance whose wire is memif: what the kernel takes no part in.
        Yields the options of `dlibos run` for its client."""
        name = f'{self.name}n{next(self.numbers)}'
        wire = f'memif:@{name},%s,trust'
        run = [self.bin / 'dlibos', 'run', '--name', name]
        run += self.options_of(setup) + list(options)
        run += ['--port', wire % 'server', '--ip', MEMIF_SERVER_IP + '/24',
                '--']
        process = self.start(run + program, None, setup.server)
        process.instance = name
        try:
            self.until_running(process)
            yield ['run', '--name', name + 'c', '--mode', 'rtc', '--idle',
                   'poll', '--port', wire % 'client', '--ip', '10.98.0.1/24']
        finally:
            self.end(process)

    def until_running(self, process):
        """The wire's socket has an abstract name, and the instance says when
        its programs run."""
        def look():
            names = pathlib.Path('/proc/net/unix').read_text(encoding='utf-8',
                                                             errors='replace')
            return '@' + process.instance in names and ' running ' in (
                self.must([self.bin / 'dlibos', 'status', process.instance]))
        self.until_true(process, look)

    def status(self, process):
        return self.must(['ip', 'netns', 'exec', self.ns['server'],
                          str(self.bin / 'dlibos'), 'status',
                          process.instance])

    @contextlib.contextmanager
    def nginx(self, setup, root):
        with self.kernel_link():
            conf = self.dir / 'nginx.conf'
            paths = ''.join(f'{what}_temp_path {self.dir}/t{i}; ' for i, what
                            in enumerate(('client_body', 'proxy', 'fastcgi',
                                          'uwsgi', 'scgi')))
            conf.write_text(
                f'daemon off; worker_processes {setup.app_cores}; '
                f'error_log {self.dir}/error.log; pid {self.dir}/pid;\n'
                'events { worker_connections 20000; }\n'
                'http { access_log off; sendfile on; tcp_nopush on; '
                'keepalive_requests 1000000000; open_file_cache max=100;\n'
                f'{paths}\n'
                f'server {{ listen {SERVER_IP}:80 reuseport; root {root}; }} '
                '}\n', encoding='ascii')
            process = self.start(['nginx', '-c', conf], 'server',
                                 setup.server)
            try:
                self.until(80, process)
                yield process
            finally:
                self.end(process)

    @contextlib.contextmanager
    def memcached(self, setup, options):
        with self.kernel_link():
            process = self.start(
                ['memcached', '-u', 'nobody', '-l', SERVER_IP, '-U', '0', '-t',
                 setup.app_cores] + list(options), 'server', setup.server)
            try:
                self.until(11211, process)
                yield process
            finally:
                self.end(process)


def parsed(out):
    lines = out.strip().splitlines()
    try:
        values = [json.loads(line) for line in lines]
    except ValueError:
        return out
    return values[0] if len(values) == 1 else values




def stop_on_signals():
    """A signal leaves by the same doors as everything else."""
    def leave(number, _):
        raise SystemExit(128 + number)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
