# web.py - documents, who serves them, and who asks for them.
import contextlib

import lab
import sample


def documents(ground, sizes):
    """A folder with a file of each size, named by it."""
    root = ground.dir / 'www'
    root.mkdir()
    for size in sizes:
        path = root / f'{size}.bin'
        path.write_bytes(b'x' * size)
        path.chmod(0o644)
    root.chmod(0o755)
    return root


@contextlib.contextmanager
def server(ground, setup, root):
    """What runs, until it is left."""
    if setup.linux:
        serving = ground.nginx(setup, root)
    else:
        serving = ground.instance(setup, [ground.bin / 'webserver', root], 80)
    with serving as process:
        yield process


def options(size, seconds, connections, threads):
    return ['--path', f'/{size}.bin', '-c', connections, '-t', threads,
            '-d', seconds, '--warm', min(.2, seconds / 4)]


def load(ground, setup, size, seconds, connections=sample.CONNECTIONS):
    out = ground.ask(
        [ground.bin / 'httpload', '--to', lab.SERVER_IP] +
        options(size, seconds, connections, setup.threads), 'client',
        setup.client, seconds + 30, f'{setup.name}, {size} bytes')
    return sample.result(out)


def load_memif(ground, setup, run, size, seconds,
               connections=sample.CONNECTIONS):
    out = ground.ask(
        [ground.bin / 'dlibos'] + run +
        ['--', ground.bin / 'httpload_dlibos', '--to', lab.MEMIF_SERVER_IP] +
        options(size, seconds, connections, 1), None, setup.client[:1],
        seconds + 30, f'{setup.name}, memif, {size} bytes')
    return sample.result(out)
