#!/usr/bin/env python3
"""Counts the instructions that a line costs, and holds them against budgets; wall times on shared machines prove nothing.

usage: instructions.py [--update] [--only NAMES] [--binary PATH] [--budgets FILE]

Runs the release binary with one worker under callgrind, on a log and on one of twice as many lines. Threads are counted apart:
what the worker needs for the second half is the price of a line, whatever findings the lines give rise to. All else (start,
detection of the format, findings, the report) is the fixed part, that of the shorter log. Fails when a budget is exceeded;
says so when one has become too generous. `--update` writes what was measured as the new budgets.
"""
import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "benches"))
from logs import built, make  # noqa: E402

LINES = 100_000
RATE = 70  # lines a second, as a site with six million a day has
# Name: shape, options of the generator, options of logcodes.
CASES = {
    "combined": ("combined", [], []),
    "timed": ("timed", [], []),
    "json": ("json", [], []),
    "vhost": ("vhost", [], []),
    "common": ("common", [], []),
    "high": ("combined", ["--cardinality", "high", "--bad", "500"], []),
    "hostile": ("combined", ["--cardinality", "hostile"], []),
    # A window a second must not cost more than one in five minutes, and another second in every line not much more.
    "seconds": ("combined", [], ["--window", "1s"]),
    "year": ("combined", ["--span", str(365 * 86_400)], []),
}
# Counts of the same binary differ by less than 0.1 %. The fixed part hangs on what is found in the log, and moves in steps.
OVER = {"line": 1.02, "fixed": 1.10}
UNDER = 0.90
HEAD = """# Instructions that reading costs, as .ci/instructions.py counts them: of a further line, and of all else in millions.
# After a change that makes it cheaper, or dearer for a good reason: .ci/instructions.py --update

"""


def threads(command):
    """Instructions of the main thread and of all others."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        command = ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={out}", *command]
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if ran.returncode:
            sys.exit(f"failed: {' '.join(command)}\n{ran.stderr[-800:]}")
        counts = {}
        for path in glob.glob(out + "-*"):
            with open(path) as file:
                text = file.read()
            thread = int(re.search(r"^thread: (\d+)$", text, re.M)[1])
            counts[thread] = counts.get(thread, 0) + int(re.search(r"^totals: (\d+)$", text, re.M)[1])
    return counts[1], sum(count for thread, count in counts.items() if thread != 1)


def count(logcodes, generator, name, folder):
    """What a line costs, and the fixed part in millions."""
    shape, extra, options = CASES[name]
    found = []
    for lines in (LINES, 2 * LINES):
        log = os.path.join(folder, f"{name}-{lines}.log")
        make(generator, shape, lines, ["--span", str(lines // RATE), *extra] if "--span" not in extra else extra, log)
        found.append(threads([logcodes, "-j1", *options, log]))
        os.remove(log)
    (main, few), (_, many) = found
    line = (many - few) / LINES
    if line < 10:
        sys.exit(f"{name}: a worker needs {line:.1f} instructions a line: lines are no longer read by a worker, change how they are counted")
    return {"line": line, "fixed": (main + few - line * LINES) / 1e6}


def judge(name, measured, budget):
    """Prints a case; whether it keeps its budgets."""
    kept = True
    for what, unit in (("line", "instructions a line"), ("fixed", "million instructions aside from lines")):
        now, allowed = measured[what], budget.get(what)
        text = f"{name:<9} {now:>10.1f} {unit}"
        if allowed is None:
            kept = False
            text += ": has no budget; --update sets it"
        elif now > allowed * OVER[what]:
            kept = False
            text += f": OVER its budget of {allowed} by {now / allowed - 1:.1%} (allowed: {OVER[what] - 1:.0%})"
        elif now < allowed * UNDER:
            text += f": far under its budget of {allowed}; lower it with --update"
        else:
            text += f", budget {allowed}"
        print(text, flush=True)
    return kept


def write(path, rustc, budgets):
    with open(path, "w") as file:
        file.write(f'{HEAD}rustc = "{rustc}"\n')
        for name in CASES:
            if name in budgets:
                file.write(f"\n[{name}]\nline = {budgets[name]['line']:.0f}\nfixed = {budgets[name]['fixed']:.1f}\n")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write what was measured as the new budgets")
    parser.add_argument("--only", default=",".join(CASES), metavar="NAMES", help=f"of {', '.join(CASES)}")
    parser.add_argument("--binary", help="this logcodes instead of the one that is built")
    parser.add_argument("--budgets", default=os.path.join(ROOT, "benches/record/instructions.toml"), metavar="FILE")
    args = parser.parse_args()
    args.only = args.only.split(",")
    if unknown := [name for name in args.only if name not in CASES]:
        parser.error(f"no case is called {unknown[0]!r}: they are {', '.join(CASES)}")
    return args


def main():
    args = arguments()
    logcodes = os.path.abspath(args.binary) if args.binary else built("--release", "--bin", "logcodes")
    generator = built("--example", "synthesize")
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    budgets = {}
    if os.path.exists(args.budgets):
        with open(args.budgets, "rb") as file:
            budgets = tomllib.load(file)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        measured = dict(zip(args.only, pool.map(lambda name: count(logcodes, generator, name, folder), args.only)))
    over = [name for name in args.only if not judge(name, measured[name], budgets.get(name, {}))]
    if args.update:
        write(args.budgets, rustc, budgets | measured)
        print(f"written: {os.path.relpath(args.budgets)}")
    elif over:
        other = budgets.get("rustc", rustc)
        hint = "" if other == rustc else f" The budgets are of rustc {other}, this is {rustc}: that alone may be why."
        sys.exit(f"reading has become dearer: {', '.join(over)}. Find out why, or raise the budget with --update and say why.{hint}")


if __name__ == "__main__":
    main()
