# page.py - the report: one file of HTML that fetches nothing.
import html
import json
import re

STYLE = '''
body { font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto;
	padding: 0 1em; color: #222; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2em; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { border: 1px solid #ccc; padding: .2em .6em; text-align: right; }
th:first-child, td:first-child { text-align: left; }
pre { background: #f5f5f5; padding: .6em; overflow-x: auto; font-size: 12px; }
svg { max-width: 100%; height: auto; display: block; margin: 1em 0; }
.missing { color: #a33; } .quick { background: #fff3d0; padding: .4em .6em; }
'''


def plain(value):
    if isinstance(value, float):
        return f'{value:.4g}' if abs(value) < 10000 else f'{value:,.0f}'
    return '-' if value is None else str(value)


def text(value):
    return html.escape(plain(value))


def inline(path):
    """Without what only a file of its own has."""
    svg = path.read_text(encoding='utf-8')
    return svg[re.search(r'<svg\b', svg).start():]


def cells(tag, row):
    return '<tr>' + ''.join(f'<{tag}>{text(c)}</{tag}>' for c in row) + '</tr>'


def table(t):
    return '\n'.join([f'<h3>{text(t["title"])}</h3>', '<table>',
                      cells('th', t['columns'])] +
                     [cells('td', row) for row in t['rows']] + ['</table>'])


def sentences(title, lines, kind=''):
    if not lines:
        return ''
    items = ''.join(f'<li>{text(line)}</li>' for line in lines)
    return f'<p>{title}</p><ul class="{kind}">{items}</ul>'


def folded(title, content):
    return (f'<details><summary>{text(title)}</summary><pre>'
            f'{html.escape(content)}</pre></details>')


def section(record, svgs):
    parts = [f'<section id="{text(record["id"])}">',
             f'<h2>{text(record["title"])}</h2>',
             f'<p>{text(record["question"])}</p>']
    parts += [inline(svg) for svg in svgs]
    parts += [table(t) for t in record['tables']]
    parts.append(sentences('Beside the paper:', record['reference'] or
                           ['no number at hand']))
    parts.append(sentences('To read it:', record['notes']))
    parts.append(sentences('Not measured:', record['missing'], 'missing'))
    parts.append(folded(f'{len(record["commands"])} commands',
                        '\n'.join(map(str, record['commands']))))
    parts.append(folded(f'{len(record["raw"])} raw results',
                        '\n'.join(json.dumps(r) for r in record['raw'])))
    parts.append('</section>')
    return '\n'.join(parts)


def write(path, drawn):
    """`drawn`: pairs of a record and its SVGs."""
    machines = [record['machine'] for record, _ in drawn if record['machine']]
    rows = machines[0].items() if machines else ()
    parts = ['<!DOCTYPE html>', '<html lang="en"><head>',
             '<meta charset="utf-8">',
             '<title>DLibOS: the experiments of its paper</title>',
             f'<style>{STYLE}</style></head><body>',
             "<h1>DLibOS: the paper's experiments on this machine</h1>"]
    if any(record['quick'] for record, _ in drawn):
        parts.append('<p class="quick">A quick run: it shows that the '
                     'experiments work; its figures are not for quoting.</p>')
    parts.append(table({'title': 'The machine', 'columns': ('', ''),
                        'rows': rows}))
    if len({m.get('commit') for m in machines}) > 1:
        parts.append('<p class="missing">The experiments are of different '
                     'commits.</p>')
    parts += [section(record, svgs) for record, svgs in drawn]
    parts.append('</body></html>')
    path.write_text('\n'.join(parts) + '\n', encoding='utf-8')
