#!/usr/bin/env python3
"""Draws growth.svg: CPU time against stored bytes of the pack, for one history at several sizes.

    growth.py growth.tsv growth.svg

The first file is what `compare.py --modes growth` leaves. The line is the least-squares fit; its R² says
how straight the points lie.
"""

import math
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 420, 70, 20, 50, 60
# The ground is always painted, so that words stand on it whatever the page is like.
STYLE = """<style>
.ground { fill: #ffffff } text { fill: #1f2328 } .grid { stroke: #d8dee4 }
circle { fill: #b5482a } .fit { stroke: #b5482a }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117 } text { fill: #e6edf3 } .grid { stroke: #30363d }
circle { fill: #f0883e } .fit { stroke: #f0883e }
}
</style>"""


def read(path):
    """The rows as numbers, by stored bytes."""
    with open(path, encoding="utf-8") as file:
        names, *rows = [line.rstrip("\n").split("\t") for line in file if line.strip()]
    rows = [dict(zip(names, row, strict=True)) for row in rows]
    for row in rows:
        row.update({name: float(row[name]) for name in names[1:]})
    return sorted(rows, key=lambda row: row["pack_bytes"])


def fit(points):
    """Slope, offset and R² of a straight line through the points."""
    n = len(points)
    mean_x, mean_y = (sum(point[axis] for point in points) / n for axis in (0, 1))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    offset = mean_y - slope * mean_x
    left = sum((y - offset - slope * x) ** 2 for x, y in points)
    total = sum((y - mean_y) ** 2 for _, y in points)
    return slope, offset, 1 - left / total if total else 1.0


def step(most):
    """A round step that gives four to nine marks on an axis."""
    base = 10 ** math.floor(math.log10(most / 5))
    return next(base * k for k in (1, 2, 5, 10) if most / (base * k) <= 8)


class Plot:
    """Two axes from zero, and the SVG so far."""

    def __init__(self, most_x, most_y):
        self.most_x, self.most_y = most_x, most_y
        self.lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
            "<title>CPU time of a scan against the stored bytes of the packs</title>",
            STYLE,
            f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
        ]

    def at(self, x, y):
        """Where a point goes; below the axis nothing is drawn."""
        across = LEFT + x / self.most_x * (WIDTH - LEFT - RIGHT)
        return across, HEIGHT - BOTTOM - max(y, 0.0) / self.most_y * (HEIGHT - TOP - BOTTOM)

    def text(self, x, y, text, more=""):
        """Words at a place of the picture."""
        self.lines.append(f'<text x="{x:.1f}" y="{y:.1f}"{more}>{text}</text>')

    def line(self, start, end, more):
        """A line between two points of the axes."""
        (x1, y1), (x2, y2) = self.at(*start), self.at(*end)
        self.lines.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {more}/>')

    def grid(self):
        """Marks on both axes."""
        for mark in marks(self.most_x):
            self.line((mark, 0), (mark, self.most_y), 'class="grid"')
            self.text(self.at(mark, 0)[0], HEIGHT - BOTTOM + 18, f"{mark:g}", ' text-anchor="middle"')
        for mark in marks(self.most_y):
            self.line((0, mark), (self.most_x, mark), 'class="grid"')
            self.text(LEFT - 8, self.at(0, mark)[1] + 4, f"{mark:g}", ' text-anchor="end"')
        middle = ' text-anchor="middle"'
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18, "stored bytes of the packs (MB)", middle)
        turned = f' transform="rotate(-90 18 {HEIGHT / 2})" text-anchor="middle"'
        self.text(18, HEIGHT / 2, "CPU time (s)", turned)

    def series(self, points):
        """Points, their straight line, and what it says."""
        slope, offset, straight = fit(points)
        # From where it leaves the axes: there is no time below none.
        first = max(0.0, -offset / slope) if slope > 0 else 0.0
        ends = (first, offset + slope * first), (self.most_x, offset + slope * self.most_x)
        self.line(*ends, 'class="fit" stroke-dasharray="5 4"')
        for point in points:
            across, down = self.at(*point)
            self.lines.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="4"/>')
        sign = "+" if offset >= 0 else "−"
        said = f"{slope * 1e3:.1f} ms a MB {sign} {abs(offset) * 1e3:.0f} ms, R² {straight:.4f}"
        self.text((LEFT + WIDTH - RIGHT) / 2, TOP - 20, said, ' text-anchor="middle"')


def marks(most):
    """Round numbers from zero to the end of an axis."""
    size = step(most)
    return [size * number for number in range(int(most / size) + 1)]


def draw(rows):
    """The plot as lines of SVG."""
    most_x = max(row["pack_bytes"] for row in rows) / 1e6 * 1.05
    plot = Plot(most_x, max(row["cpu_s"] for row in rows) * 1.08)
    plot.grid()
    plot.series([(row["pack_bytes"] / 1e6, row["cpu_s"]) for row in rows])
    return [*plot.lines, "</svg>"]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    rows = read(sys.argv[1])
    if len(rows) < 2:
        sys.exit("two sizes at least make a line")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join(draw(rows)) + "\n")


if __name__ == "__main__":
    main()
