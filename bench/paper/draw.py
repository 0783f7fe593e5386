# draw.py - panels of a record as SVG and PNG, by gnuplot. Names and titles come
# from files: they are quoted so that gnuplot executes none of them.
import re
import shutil
import subprocess

COLOURS = ('#1f5fa8', '#c8471d', '#3a8a3f', '#7b4ea3', '#b8860b', '#1d8f95',
           '#a83265', '#555555', '#8fb339', '#d98cb3', '#222266', '#c9a227',
           '#66ccee', '#884422')
TICKS = 12  # each value that was measured has its own, up to so many
SIZES = {'svg': "svg size 760,440 font 'sans-serif,13' background '#ffffff'",
         'png': "pngcairo size 1140,660 font 'sans-serif,13'"}


class NoGnuplot(Exception):
    pass


def quoted(text):
    """In single quotes gnuplot substitutes nothing."""
    plain = ''.join(c if c.isprintable() else ' ' for c in str(text))
    return "'" + plain.replace("'", "''") + "'"


def style(p, i, s):
    colour = f"lc rgb '{COLOURS[i % len(COLOURS)]}'"
    if p['kind'] != 'lines':
        return f'using 2 with histograms {colour} fs solid 0.85'
    if s.get('reference'):
        return (f"using 1:2 with linespoints {colour} dt 2 lw 1.5 pt 2 ps 1.2")
    return f'using 1:2 with linespoints {colour} lw 2 pt {5 + i % 6} ps 0.7'


def blocks(p):
    """The data, and how each series is plotted. A histogram has a row for
    each category, whether a series says something of it or not."""
    data, plots = [], []
    for i, s in enumerate(p['series']):
        points = [tuple(point) for point in s['points']]
        if p['kind'] != 'lines':
            have = dict(points)
            points = [(k, have.get(k, 0)) for k in
                      range(len(p.get('categories', ())))]
        data.append(f'$d{i} << EOD')
        data += ['%.10g %.10g' % point for point in points]
        data.append('EOD')
        plots.append(f'$d{i} {style(p, i, s)} title {quoted(s["name"])}')
    return data, plots


def axes(p):
    lines = [f'set title {quoted(p["title"])} noenhanced',
             f'set xlabel {quoted(p["x"])} noenhanced',
             f'set ylabel {quoted(p["y"])} noenhanced',
             'set key outside right top noenhanced',
             "set grid lt 1 lw 0.5 lc rgb '#dddddd'", 'set border 3',
             'set tics nomirror noenhanced']
    if p['kind'] != 'lines':
        names = ', '.join(f'{quoted(name)} {k}' for k, name in
                          enumerate(p.get('categories', ())))
        cluster = ('rowstacked' if p['kind'] == 'stack' else
                   'clustered gap 1')
        lines += [f'set style histogram {cluster}', 'set boxwidth 0.85',
                  'set yrange [0:*]', f'set xtics ({names}) rotate by -20']
        return lines
    log = p.get('log', '')
    if log:
        lines.append(f'set logscale {log}')
    measured = sorted({x for s in p['series'] for x, _ in s['points']
                       if not s.get('reference')})
    if 'x' in log and len(measured) <= TICKS:
        lines.append('set xtics (%s)' % ', '.join('%.10g' % x for x in
                                                   measured))
    for axis in 'xy':
        if axis not in log:
            lines.append(f'set {axis}range [0:*]')
    lines.append("set format x '%.0s%c'")
    lines.append("set format y '%.3g'" if 'y' in log else
                 "set format y '%.1s%c'")
    return lines


def script(p, terminal, path):
    data, plots = blocks(p)
    return '\n'.join(data + [f'set terminal {terminal} noenhanced',
                             f'set output {quoted(path)}'] + axes(p) +
                     ['plot ' + ', \\\n\t'.join(plots)]) + '\n'


def drawable(p):
    """A logarithm has no place for what is not above 0."""
    log = p.get('log', '')
    for s in p['series']:
        s['points'] = [(x, y) for x, y in s['points'] if
                       ('x' not in log or x > 0) and ('y' not in log or y > 0)]
    p['series'] = [s for s in p['series'] if s['points']]
    return p['series']


def one_name_each(path, prefix):
    """Several drawings in one page may not share the names of their parts."""
    text = path.read_text(encoding='utf-8')
    text = re.sub(r"\bid=(['\"])", rf'id=\1{prefix}-', text)
    text = re.sub(r"href=(['\"])#", rf'href=\1#{prefix}-', text)
    text = re.sub(r'url\(#', f'url(#{prefix}-', text)
    path.write_text(text, encoding='utf-8')


def need():
    """Before minutes are spent on what cannot be drawn."""
    if not shutil.which('gnuplot'):
        raise NoGnuplot('there is no gnuplot; ./dev bench paper all installs '
                        'it')


def draw(record, out):
    """Files of a record's panels; the SVGs, in order."""
    made = []
    for p in record['panels']:
        if not drawable(p):
            continue
        stem = f'{record["id"]}-{p["name"]}'
        both = ''.join(script(p, terminal, out / f'{stem}.{kind}')
                       for kind, terminal in SIZES.items())
        done = subprocess.run(
            ['gnuplot', '-d'], input=both, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            said = [line for line in done.stdout.splitlines() if line.strip()]
            raise NoGnuplot(f'gnuplot: {stem}: '
                            f'{said[-1] if said else "it failed"}')
        made.append(out / f'{stem}.svg')
        one_name_each(made[-1], stem)
    return made
