"""How cost grows: with the number of lines, and with that of time windows.

Judged by processor time, which hangs less on what else runs than wall time does. A fixed part, for what is found in the log,
weighs on short logs; it is no longer seen from a million lines on.
"""
import os

from logs import count, make, remove
from measure import processor, warm

LINES = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 20_000_000)
SPANS = (("an hour", 3_600), ("a day", 86_400), ("a year", 31_536_000))
WINDOWS = (None, "1h", "1m", "1s")
# Processor time on a shared machine is no steadier than this.
TOLERANCE = 1.15


def measured(command, rounds):
    """The least seconds of wall and of processor time: whatever else runs on the machine can only add to them."""
    walls, busy = zip(*(processor(command) for _ in range(rounds)))
    return min(walls), min(busy)


def verdict(table, what, worst):
    kept = worst <= TOLERANCE
    table.missed += not kept
    table.line(f"{what}: at most {worst:.2f} x (allowed for noise: {TOLERANCE}): {'kept' if kept else 'NOT KEPT'}")
    table.line()


def by_lines(table, logcodes, synthesize, folder, rounds, scale):
    """The same site for ever more lines; each step's slope is what a further line costs."""
    table.line(f"{'lines':>12} {'MB':>7} {'wall s':>8} {'cpu s':>8} {'wall ns a line':>15} {'cpu ns a line':>14} {'cpu ns a further line':>22}")
    points = []
    for lines in [int(n * scale) for n in LINES]:
        path = os.path.join(folder, "linear.log")
        make(synthesize, "combined", lines, [], path)
        warm(path)
        wall, busy = measured([logcodes, path], rounds)
        slope = (busy - points[-1][1]) / (lines - points[-1][0]) * 1e9 if points else None
        points.append((lines, busy))
        size, shown = os.path.getsize(path) / 1e6, "" if slope is None else f"{slope:.1f}"
        table.line(f"{lines:>12,} {size:>7.0f} {wall:>8.3f} {busy:>8.3f} {wall / lines * 1e9:>15.1f} {busy / lines * 1e9:>14.1f} {shown:>22}")
        remove(path)
    (few, at_few), (many, at_many) = points[2], points[-1]
    whole = (at_many - at_few) / (many - few)
    steps = [(b[1] - a[1]) / (b[0] - a[0]) / whole for a, b in zip(points[2:], points[3:])]
    verdict(table, "a further line against the mean of them, from the third row on", max(steps))


def by_windows(table, logcodes, synthesize, folder, rounds, scale):
    """The same number of lines over an hour, a day and a year, in windows of different width.

    Over a year every line has another second, which is read anew; over an hour hundreds share one. So spans differ by what
    reading a time costs, and only the widths within a span are held against one another.
    """
    table.line(f"{'span':>8} {'window':>10} {'windows':>10} {'wall s':>8} {'cpu s':>8} {'cpu ns a line':>14} {'against the least':>18}")
    worst = 1
    for span, seconds in SPANS:
        path = os.path.join(folder, "span.log")
        make(synthesize, "combined", int(3_000_000 * scale), ["--span", str(seconds)], path)
        warm(path)
        lines, rows = count(path), []
        for window in WINDOWS:
            command = [logcodes, path, *(["--window", window] if window else [])]
            rows.append((window, *measured(command, rounds)))
        least = min(busy for _, _, busy in rows)
        for window, wall, busy in rows:
            there = "" if window is None else f"{max(1, seconds // {'1h': 3600, '1m': 60, '1s': 1}[window]):,}"
            table.line(f"{span:>8} {window or 'by itself':>10} {there:>10} {wall:>8.3f} {busy:>8.3f} {busy / lines * 1e9:>14.1f} {busy / least:>18.2f}")
            worst = max(worst, busy / least)
        remove(path)
    verdict(table, "a width of windows against the cheapest", worst)


def run(table, logcodes, synthesize, folder, rounds, scale):
    """Both tables."""
    by_lines(table, logcodes, synthesize, folder, rounds, scale)
    by_windows(table, logcodes, synthesize, folder, rounds, scale)
