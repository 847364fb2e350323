#!/usr/bin/env python3
"""Holds logcodes against its goals of speed and memory, and prints a table of what was measured.

Builds the release binary, makes each log with examples/synthesize.rs, reads it once so that it is in memory, and runs
commands in turn, ours after the one it is compared with, so that a slow moment of the machine hits both alike. Ratios are of
medians. Peers take long and run once, on the same log; one that is not installed is left out with a word. Everybody's output
goes into a file. Ends with 1 when a goal is missed.

    benches/compare.py                             every goal; makes up to 1.2 GB of logs at a time in the temporary directory
    benches/compare.py --only combined,timed       the goals of these logs, or `explain`, `size`
    benches/compare.py --log combined=access.log   a log of your own in place of the made one
    benches/compare.py --record benches/record/FILE.txt
    benches/compare.py --linear                    cost by lines and by windows instead, 100 thousand to 20 million lines
"""
import argparse
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass

import linear
from logs import RECIPES, Logs, built, count
from machine import describe
from measure import anonymous, in_turn, median, processor, stages, wall, warm, words

MEMORY = {"hostile": 96}  # MiB; 64 for all others
KNOWN = [*(name for name in RECIPES if name != "ordinary"), "explain", "size"]
STATUSES = "{ n[$9]++ } END { for (s in n) print n[s], s }"


@dataclass
class Rival:
    """A command that ours is held against: its time times `at_most` is the limit, or ours is `at_least` so many times faster."""

    name: str
    command: list
    at_most: float | None = None
    at_least: float | None = None
    ours: tuple = ()  # options of ours in this row
    once: bool = False  # takes long


def rivals(logcodes, path, ordinary):
    """Whom each log is measured beside. One without a limit is there for the record."""
    wc = ["wc", "-l", path]
    jq = [["jq", "-r", ".status", path], ["sort"], ["uniq", "-c"]]
    goaccess = ["goaccess", path, "--log-format=COMBINED", "--no-progress", "--no-global-config", "-o", "json"]
    return {
        "combined": [
            Rival("wc -l", wc, at_most=2),
            Rival("one core against two", [logcodes, "-j1", path], at_least=1.9, ours=("-j2",)),
            Rival("rhit", ["rhit", "--silent-load", "--color", "no", path], at_least=20, once=True),
            Rival("goaccess", goaccess, at_least=200, once=True),
            Rival("mawk, statuses alone", ["mawk", STATUSES, path], once=True),
        ],
        "timed": [Rival("wc -l", wc, at_most=2.5)],
        "json": [Rival("wc -l", wc, at_most=4), Rival("jq | sort | uniq", jq, at_least=10, once=True)],
        "high": [Rival("wc -l", wc, at_most=4)],
        "hostile": [Rival("ordinary lines", [logcodes, ordinary], at_most=3), Rival("wc -l", wc)],
        "gz": [Rival("zcat | wc -l", [["zcat", path], ["wc", "-l"]], at_most=1)],
        "zst": [Rival("zstdcat | wc -l", [["zstdcat", path], ["wc", "-l"]], at_most=1)],
    }


class Table:
    """Rows of the result, each printed as soon as it is known, and kept for the record."""

    def __init__(self):
        self.text, self.commands, self.missed = [], [], 0

    def line(self, text=""):
        print(text, flush=True)
        self.text.append(text)

    def row(self, log, beside, theirs, ours, fastest, ratio, goal, kept):
        self.missed += kept is False
        word = {None: "", True: "yes", False: "NO"}.get(kept, kept)
        self.line(f"{log:<9} {beside:<21} {theirs:>9} {ours:>9} {fastest:>9} {ratio:>7}  {goal:<15} {word}".rstrip())

    def ratio(self, log, rival, theirs, ours):
        """A row of times: medians, and our fastest, which is nearest to what a quiet machine would do."""
        faster = rival.at_least is not None or rival.once
        ratio = median(theirs) / median(ours) if faster else median(ours) / median(theirs)
        limit = rival.at_least if faster else rival.at_most
        kept = None if limit is None else (ratio >= limit if faster else ratio <= limit)
        goal = "" if limit is None else f"{'at least' if faster else 'at most'} {limit:g}"
        self.row(log, rival.name, f"{median(theirs):.3f} s", f"{median(ours):.3f} s", f"{min(ours):.3f} s", f"{ratio:.2f}", goal, kept)

    def figure(self, log, what, ours, unit, at_most):
        """A row without a rival."""
        self.row(log, what, "", f"{ours:.1f} {unit}", "", "", f"at most {at_most} {unit}", ours <= at_most)

    def ran(self, command):
        """Keeps a command for the record, without the directories of this machine."""
        short = [[os.path.basename(word) if word.startswith("/") else word for word in stage] for stage in stages(command)]
        text = words(short)
        if text not in self.commands:
            self.commands.append(text)


def installed(command):
    stages = [command] if isinstance(command[0], str) else command
    return next((stage[0] for stage in stages if not shutil.which(stage[0])), None)


def against(table, logcodes, logs, name, path, rounds):
    """All rows of a log: its times beside the rivals', and its memory."""
    ordinary = logs.get("ordinary", count(path)) if name == "hostile" else ""
    if ordinary:
        warm(ordinary)
    for rival in rivals(logcodes, path, ordinary)[name]:
        ours = [logcodes, *rival.ours, path]
        if missing := next((stage[0] for stage in stages(rival.command) if not shutil.which(stage[0])), None):
            table.line(f"{name:<9} {rival.name}: {missing} is not installed, left out")
            continue
        if rival.once:
            theirs, times = [wall(rival.command)], in_turn([ours], rounds)[0]
        else:
            theirs, times = in_turn([rival.command, ours], rounds)
        table.ratio(name, rival, theirs, times)
        table.ran(rival.command)
        table.ran(ours)
    logs.drop(ordinary)
    table.figure(name, "anonymous memory", max(anonymous([logcodes, path]) for _ in range(3)), "MiB", MEMORY.get(name, 64))


def explain(table, logcodes):
    """Processor time of a start that reads no log."""
    command = [logcodes, "explain", "502"]
    times = [processor(command)[1] * 1000 for _ in range(20)]
    table.figure("explain", "processor, 20 starts", median(times), "ms", 5)
    table.ran(command)


def compare(table, logcodes, logs, only, rounds):
    table.row("log", "beside", "theirs", "ours", "fastest", "ratio", "goal", "kept")
    for name in [name for name in KNOWN if name in RECIPES and name in only]:
        path = logs.get(name)
        warm(path)
        table.line(f"{name:<9} {os.path.getsize(path) / 1e6:.0f} MB" + ("" if name in ("gz", "zst") else f", {count(path):,} lines"))
        against(table, logcodes, logs, name, path, rounds)
        logs.drop(path)
    if "explain" in only:
        explain(table, logcodes)
    if "size" in only:
        table.figure("size", "the binary", os.path.getsize(logcodes) / 2**20, "MiB", 15)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="NAMES", help=f"of {', '.join(KNOWN)}")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each command, peers aside (default: 7)")
    parser.add_argument("--scale", type=float, default=1, help="fewer or more lines in every log, for a trial: 0.1")
    parser.add_argument("--log", action="append", default=[], metavar="NAME=PATH", help="a log that is there; `ordinary` too")
    parser.add_argument("--dir", help="where logs are made and kept for the next run (default: a temporary directory, removed)")
    parser.add_argument("--generator", help="a program that makes logs instead: X.py SHAPE LINES PATH, or X SHAPE LINES to its output")
    parser.add_argument("--binary", help="this logcodes instead of the one that is built")
    parser.add_argument("--linear", action="store_true", help="measure how cost grows with lines and windows")
    parser.add_argument("--record", metavar="FILE", help="write the table to a file, with date, machine and commands")
    args = parser.parse_args()
    args.given = dict(pair.partition("=")[::2] for pair in args.log)
    args.only = args.only.split(",") if args.only else KNOWN
    for name in [*args.only, *args.given]:
        if name not in [*KNOWN, "ordinary"]:
            parser.error(f"no log or goal is called {name!r}: they are {', '.join(KNOWN)}")
    for path in args.given.values():
        if not os.path.isfile(path):
            parser.error(f"--log: no file at {path!r}")
    return args


def main():
    args = arguments()
    logcodes = os.path.abspath(args.binary) if args.binary else built("--release", "--bin", "logcodes")
    synthesize = built("--release", "--example", "synthesize")
    table = Table()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.dir or temporary
        os.makedirs(folder, exist_ok=True)
        logs = Logs(folder, bool(args.dir), args.given, args.generator or synthesize, args.scale)
        if args.linear:
            linear.run(table, logcodes, synthesize, folder, args.rounds, args.scale)
        else:
            compare(table, logcodes, logs, args.only, args.rounds)
    if args.record:
        with open(args.record, "w") as file:
            file.write(describe(sys.argv, args, table.commands) + "\n" + "\n".join(table.text) + "\n")
    sys.exit(1 if table.missed else 0)


if __name__ == "__main__":
    main()
