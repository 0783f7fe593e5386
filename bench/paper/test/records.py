# records.py - made-up records for tests of what is drawn: names that would do
# harm if anybody executed them, and a panel without a curve.
IDS = ('table2', 'figure5', 'figure6', 'figure7', 'table3', 'figure8',
       'table4')
DRAWINGS = 2  # of each


def made_up(ident, touched):
    nasty = f"a 'b' `touch {touched}` \"c\" \\ <i>&amp; @x_y"
    lines = {'name': 'curves', 'title': ident + nasty, 'kind': 'lines',
             'x': 'bytes', 'y': 'Gbit/s', 'log': 'xy', 'categories': [],
             'series': [
                 {'name': 'alpha', 'points': [[1, 2], [64, 20], [4096, 200]]},
                 {'name': nasty, 'points': [[1, 1], [64, 0], [4096, 100]]},
                 {'name': 'paper', 'reference': True, 'points': [[64, 6]]}]}
    bars = {'name': 'bars', 'title': 'shares', 'kind': 'stack', 'x': '',
            'y': '%', 'log': '', 'categories': ['one', nasty],
            'series': [{'name': 'beta', 'points': [[0, 10], [1, 20]]},
                       {'name': 'gamma', 'points': [[1, 5]]}]}
    empty = dict(lines, name='nothing', series=[])
    return {'id': ident, 'title': f'{ident.title()}: made up',
            'question': 'Does it <draw>?', 'quick': True,
            'machine': {'processor': 'none', 'commit': 'abc'},
            'panels': [lines, bars, empty],
            'tables': [{'title': 'T', 'columns': ['', 'x'],
                        'rows': [['r', 1.5], ['<s>', None]]}],
            'reference': [], 'notes': ['see http://example.org/'],
            'missing': ['nothing at all'], 'commands': ['true </pre>'],
            'raw': [{'label': 'a', 'command': 'b',
                     'output': '</script><pre>'}]}
