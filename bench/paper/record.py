# record.py - what an experiment found, as JSON in DIR: drawing reads nothing
# else, and can be repeated without measuring.
#
#   id, title, question   which experiment, and what it asks
#   quick                 whether its figures are not for quoting
#   machine               name: value (machine.py)
#   panels                diagrams: name, title, kind (lines, bars or stack), x
#                         and y (labels), log ('', 'x', 'y', 'xy'), series
#                         (name, points [[x, y]], reference); of bars and
#                         stacks x counts the `categories`
#   tables                title, columns, rows
#   reference, notes, missing   sentences: the paper's figures, what must be
#                         known to read these, and what could not be measured
#   commands, raw         what was started; label, command and output of those
#                         with a result
import json
import math

EMPTY = {'id': '', 'title': '', 'question': '', 'quick': False, 'machine': {},
         'panels': [], 'tables': [], 'reference': [], 'notes': [],
         'missing': [], 'commands': [], 'raw': []}
KINDS = ('lines', 'bars', 'stack')


class Bad(Exception):
    """A file is no record; the text says which and why."""


def new(ident, title, question):
    made = {key: type(value)() for key, value in EMPTY.items()}
    made.update(id=ident, title=title, question=question)
    return made


def panel(into, name, title, x, y, kind='lines', log='', categories=()):
    made = {'name': name, 'title': title, 'kind': kind, 'x': x, 'y': y,
            'log': log, 'categories': list(categories), 'series': []}
    into['panels'].append(made)
    return made


def series(into, name, points, reference=False):
    """A curve; without points there is none."""
    if points:
        into['series'].append({'name': name, 'reference': reference,
                               'points': [list(p) for p in points]})


def table(into, title, columns, rows):
    """Without rows, or with nobody to compare, there is none."""
    if not rows or len(columns) < 2:
        return
    into['tables'].append({'title': title, 'columns': list(columns),
                           'rows': [list(row) for row in rows]})


def number(value):
    return (isinstance(value, (int, float)) and not isinstance(value, bool) and
            math.isfinite(value))


def check_panel(p):
    if p['kind'] not in KINDS or not set(p.get('log', '')) <= set('xy'):
        raise ValueError('a panel of an unknown kind')
    if not isinstance(p.setdefault('categories', []), list):
        raise ValueError('categories that are no list')
    if not str(p['name']).replace('_', '').isalnum():
        raise ValueError('a panel without a plain name')
    for s in p['series']:
        str(s['name'])
        for x, y in s['points']:
            if not number(x) or not number(y):
                raise ValueError('a point that is no pair of numbers')


def read(path):
    try:
        with open(path, encoding='utf-8') as f:
            found = json.load(f)
        if not isinstance(found, dict):
            raise ValueError('not an object')
        for key, value in EMPTY.items():
            if not isinstance(found.setdefault(key, type(value)()),
                              type(value)):
                raise ValueError(f'{key} is of the wrong type')
        for p in found['panels']:
            check_panel(p)
        for t in found['tables']:
            if any(len(row) != len(t['columns']) for row in t['rows']):
                raise ValueError('a table whose rows are not of one length')
    except OSError as e:
        raise Bad(f'{path}: {e.strerror}') from e
    except KeyError as e:
        raise Bad(f'{path}: {e.args[0]} is not there') from e
    except (ValueError, TypeError, AttributeError, UnicodeDecodeError) as e:
        raise Bad(f'{path}: {e}') from e
    if found['id'] != path.stem:
        raise Bad(f'{path}: it says that it is {found["id"]!r:.40}')
    return found


def write(found, path):
    with open(path, 'w', encoding='utf-8') as f:
        json.dump(found, f, indent=1)
        f.write('\n')
