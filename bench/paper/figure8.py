# figure8.py - where the time of a request goes.
import cycles
import kv
import lab
import machine
import record
import sample
import web

TITLE = 'Figure 8: where the time goes'
QUESTION = ('Which part of the system takes how much CPU time for a request, '
            'of the web server and of memcached: ours split, run to '
            'completion, and on Linux?')
SIZE = 64


def loaded(ground, setup, process, command, cpus):
    """Samples under load: what there is by role, and operations a second. The
    load begins first, and outlives the samples."""
    seconds = 1 if ground.quick else 5
    client = ground.start(command + ['-d', seconds + 2, '--warm', 0], 'client',
                          cpus)
    try:
        got = cycles.where(ground, setup, process, seconds)
        client.wait(seconds + 60)
        said = client.log.read_text(encoding='utf-8')
        result = sample.result(said.strip().splitlines()[-1] if said.strip()
                               else '')
        ground.raw.append({'label': setup.name, 'command': 'its load',
                           'output': result})
    finally:
        ground.end(client)
    return got, result['rps'], seconds


def web_load(ground, setup, root):
    with web.server(ground, setup, root) as process:
        return loaded(ground, setup, process, [
            ground.bin / 'httpload', '--to', lab.SERVER_IP, '--path',
            f'/{SIZE}.bin', '-c', sample.CONNECTIONS, '-t', setup.threads],
            setup.client)


def kv_load(ground, variant):
    setup = variant.setup
    with kv.server(ground, variant) as process:
        return loaded(ground, setup, process, kv_words(ground, setup),
                      setup.client)


def kv_words(ground, setup):
    return [ground.bin / 'kvload', '--to', lab.SERVER_IP, '--keys', kv.KEYS,
            '--load', 'skip', '-c', sample.CONNECTIONS, '-t', setup.threads]


def draw(found, name, title, got):
    """`got`: (samples by role, rate, seconds) of each contender."""
    bars = []
    for roles, rate, seconds in got:
        for role, groups in roles.items():
            bars.append((role, groups, 1e6 / cycles.HERTZ / (rate * seconds)))
    if not bars:
        return
    names = [role for role, _, _ in bars]
    used = [g for g in cycles.GROUPS if any(groups[g] for _, groups, _ in
                                            bars)]
    share = record.panel(found, name + '_share', title + ': shares', '', '%',
                         'stack', categories=names)
    cost = record.panel(found, name + '_cost', title + ': CPU time of an '
                        'operation', '', 'us', 'stack', categories=names)
    for group in used:
        record.series(share, group, [
            (i, 100 * groups[group] / groups.total())
            for i, (_, groups, _) in enumerate(bars)])
        record.series(cost, group, [(i, groups[group] * us) for
                                    i, (_, groups, us) in enumerate(bars)])
    record.table(found, title + ', us of CPU time an operation',
                 ['group'] + names, [[group] + [
                     groups[group] * us for _, groups, us in bars]
                     for group in used] + [['samples'] + [
                         groups.total() for _, groups, _ in bars]])


def measure(ground, found):
    root = web.documents(ground, [SIZE])
    got = [sample.attempt(found, 'web, ' + setup.name, lambda s=setup: web_load(
        ground, s, root)) for setup in machine.setups('nginx')]
    draw(found, 'web', f'The web server, {SIZE} bytes', [g for g in got if g])
    got = [sample.attempt(found, 'memcached, ' + variant.name,
                          lambda v=variant: kv_load(ground, v))
           for variant in kv.variants(machine.setups('memcached'))]
    draw(found, 'memcached', 'memcached, USR', [g for g in got if g])
    found['notes'] += [
        f'Samples of the CPU clock, {cycles.HERTZ} a second of CPU time, of '
        "the server's processes. A sample counts for the room of its source line; "
        'what was inlined, for the innermost. "library" is appcore/, mem/ and '
        'dlibos/, "waiting" is noc/idle.c; DPDK is in "driver".',
        'A core that polls and finds nothing is in the rooms that it asks '
        '(driver, noc, loop): at less than full load these are more than '
        'requests cost. What softirqs do on other CPUs is not in it.']
