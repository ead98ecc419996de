"""The table of a run, as text and as Markdown, and curves as SVG."""
import dataclasses
import math
import sys
from xml.sax.saxutils import escape


@dataclasses.dataclass
class Row:
    measure: str
    cells: list  # The figure of this service, that of the peer, and their ratio; or why there are none.


class Report:
    def __init__(self):
        self.rows, self.curves, self.skipped = [], [], set()

    def progress(self, text):
        """What comes before the table goes elsewhere."""
        print(text, file=sys.stderr, flush=True)

    def add(self, measure, unit, ours, theirs=None, peer=None):
        self.rows.append(Row(measure, [
            f"{figure(ours)} {unit}", "" if theirs is None else f"{figure(theirs)} {unit} ({peer})",
            f"{ours / theirs:.2f}" if theirs else ""]))

    def skip(self, name, tools):
        """Returns whether a program is missing. The table says so once."""
        why = tools.missing.get(name)
        if why and name not in self.skipped:
            self.skipped.add(name)
            self.rows.append(Row(name, [f"skipped: {why}", "", ""]))
        return why is not None

    HEADINGS = ["measure", "webhook-svc", "peer", "ratio"]

    def text(self):
        lines = [self.HEADINGS, *([row.measure, *row.cells] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines)]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)

    def markdown(self):
        lines = [self.HEADINGS, ["---", "---:", "---:", "---:"], *([row.measure, *row.cells] for row in self.rows)]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 480, 280, 64, 44, 36, 32


def svg(title, unit, points):
    """A curve over the number of webhooks, whose axis is logarithmic; the other axis begins at 0."""
    lowest, highest = math.log10(points[0][0]), math.log10(points[-1][0])
    top = ceiling(max(value for _, value in points))

    def place(size, value):
        across = (math.log10(size) - lowest) / (highest - lowest or 1)
        return (LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP))

    def label(x, y, text, anchor="middle"):
        return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(text)}</text>'

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
             'font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             label(WIDTH / 2, 20, f"{title}, in {unit}"), label(WIDTH / 2, HEIGHT - 8, "webhooks")]
    for step in range(5):
        x, y = place(points[0][0], top * step / 4)
        parts += [f'<line x1="{x:.0f}" y1="{y:.0f}" x2="{WIDTH - RIGHT}" y2="{y:.0f}" stroke="lightgray"/>',
                  label(x - 8, y + 4, f"{top * step / 4:g}", "end")]
    parts += [label(place(size, 0)[0], HEIGHT - BOTTOM + 18, f"{size:,}") for size, _ in points]
    places = [place(*point) for point in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts.append(f'<polyline points="{line}" fill="none" stroke="steelblue" stroke-width="2"/>')
    for (x, y), (_, value) in zip(places, points):
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="steelblue"/>', label(x, y - 8, figure(value))]
    return "\n".join(parts) + "\n</svg>\n"


def ceiling(value):
    """The next of 1, 2, 4 and 10 times a power of ten that leaves room above a value."""
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 10, 20) if step * power >= 1.1 * value)
