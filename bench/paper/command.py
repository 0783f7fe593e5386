# command.py - the command line of figure, table and all.
import importlib
import os
import pathlib
import sys

import draw
import lab
import machine
import page
import record

NAMES = {'figure': ('5', '6', '7', '8'), 'table': ('2', '3', '4')}
ALL = ('table2', 'figure5', 'figure6', 'figure7', 'table3', 'figure8',
       'table4')


class Usage(Exception):
    pass


def usage(program):
    what = '' if program == 'all' else ' ' + '|'.join(NAMES[program])
    return (f'usage: {program}{what} [--quick] [--out DIR] [--build DIR]\n'
            f'       {program}{what} --draw DIR')


def help_text(program):
    """What there is, and what each asks."""
    lines = [usage(program), '']
    for name in ALL:
        if program in ('all', name.rstrip('0123456789')):
            lines.append('  ' + importlib.import_module(name).TITLE)
    return '\n'.join(lines + [
        '', '--quick      some minutes; its figures are not for quoting',
        '--out DIR    where records, diagrams and the page go (paper)',
        '--build DIR  whose programs (build/gcc, or what DLIBOS_BIN says)',
        '--draw DIR   measures nothing: draws the records in DIR again'])


def read_words(program, words):
    found = {'what': list(ALL), 'quick': False, 'out': None, 'build': None,
             'draw': None}
    words = list(words)
    if program != 'all':
        if not words or words[0] not in NAMES[program]:
            said = f'{words[0]:.40}: ' if words else ''
            raise Usage(f'{said}which {program}?')
        found['what'] = [program + words.pop(0)]
    while words:
        word = words.pop(0)
        if word == '--quick':
            found['quick'] = True
        elif word in ('--out', '--build', '--draw'):
            if not words:
                raise Usage(f'{word} lacks its value')
            found[word[2:]] = pathlib.Path(words.pop(0))
        else:
            raise Usage(f'{word:.40}: no such option')
    if found['draw'] and (found['quick'] or found['out'] or found['build']):
        raise Usage('--draw stands alone: it measures nothing')
    return found


def programs(build):
    """Where the programs lie: a build's, or what DLIBOS_BIN says."""
    where = build / 'bin' if build else pathlib.Path(
        os.environ.get('DLIBOS_BIN') or machine.ROOT / 'build/gcc/bin')
    if not (where / 'dlibos').is_file():
        raise lab.Failed(f'{where}: there is no dlibos; build it first, or '
                         'say --build DIR')
    return where.resolve()


def measure(name, place, quick, out):
    """One experiment; what fails of it is in its record."""
    module = importlib.import_module(name)
    found = record.new(name, module.TITLE, module.QUESTION)
    found['quick'] = quick
    found['machine'] = machine.describe()
    print(f'{name}: measuring', file=sys.stderr, flush=True)
    with lab.Lab(place, quick) as ground:
        try:
            module.measure(ground, found)
        except lab.Failed as e:
            found['missing'].append(str(e))
        except OSError as e:
            found['missing'].append(f'{e.filename}: {e.strerror}')
        found['commands'] = ground.commands
        found['raw'] = ground.raw
    record.write(found, out / f'{name}.json')
    for why in found['missing']:
        print(f'{name}: not measured: {why}', file=sys.stderr)
    return not found['missing']


def show(found):
    """Tables, for a terminal."""
    print(f'\n{found["title"]}')
    for t in found['tables']:
        rows = [t['columns']] + [[page.plain(c) for c in row] for row in
                                 t['rows']]
        widths = [max(len(str(row[i])) for row in rows) for i in
                  range(len(t['columns']))]
        print(f'\n{t["title"]}')
        for row in rows:
            first = str(row[0]).ljust(widths[0])
            print('  '.join([first] + [str(c).rjust(w) for c, w in
                                       zip(row[1:], widths[1:])]))


def render(names, out):
    """Draws what has a record, and writes the report."""
    drawn = []
    for name in names:
        path = out / f'{name}.json'
        if len(names) == 1 or path.exists():
            found = record.read(path)
            drawn.append((found, draw.draw(found, out)))
            show(found)
    if not drawn:
        raise record.Bad(f'{out}: there are no records to draw')
    name = 'report' if len(names) > 1 else names[0]
    page.write(out / f'{name}.html', drawn)
    print(f'\n{out / (name + ".html")}')


def work(program, words):
    asked = read_words(program, words)
    out = asked['draw'] or asked['out'] or pathlib.Path('paper')
    complete = True
    draw.need()
    if not asked['draw']:
        place = programs(asked['build'])
        out.mkdir(parents=True, exist_ok=True)
        for name in asked['what']:
            complete &= measure(name, place, asked['quick'], out)
    render(asked['what'], out)
    return 0 if complete else 1


def main(program, words):
    lab.stop_on_signals()
    if '--help' in words or '-h' in words:
        print(help_text(program))
        return 0
    try:
        return work(program, words)
    except Usage as e:
        print(f'{program}: {e}\n{usage(program)}', file=sys.stderr)
        return 2
    except (lab.Failed, record.Bad, draw.NoGnuplot) as e:
        print(f'{program}: {e}', file=sys.stderr)
    except OSError as e:
        print(f'{program}: {e.filename or ""}: {e.strerror}', file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1
