#!/usr/bin/env python3
"""Times logcodes beside `wc -l` and the peers that are installed, in turn, in one run, and prints ratios.

usage: compare.py [LINES [ROUNDS]]          (default: 6000000 5)

Builds the release binary, makes a log with examples/synthesize.rs in the temporary directory, reads it once so that it is
in memory, then runs every command once a round, one after the other, so that a slow moment of the machine hits all alike.
Ratios are of medians. Peers: goaccess, rhit, mawk; each is left out, and said so, when it is not installed.
"""
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STATUS = '{ n[$9]++ } END { for (s in n) print n[s], s }'


def commands(log):
    """Name, command, and how many rounds it is worth."""
    binary = os.path.join(ROOT, "target/release/logcodes")
    yield "wc -l", ["wc", "-l", log], None
    yield "logcodes", [binary, log], None
    yield "logcodes -j1", [binary, "-j1", log], None
    yield "logcodes -o json", [binary, "-o", "json", log], None
    peers = [
        ("mawk status count", ["mawk", STATUS, log]),
        ("rhit", ["rhit", "--silent-load", "--color", "no", log]),
        ("goaccess", ["goaccess", log, "--log-format=COMBINED", "--no-progress", "-o", "report.json"]),
    ]
    for name, command in peers:
        if shutil.which(command[0]):
            yield name, command, 1
        else:
            print(f"{command[0]} is not installed: left out")


def run(command, folder):
    start = time.monotonic()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr.decode()[-400:]}")
    return time.monotonic() - start


def main():
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 6_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    subprocess.run(["cargo", "build", "--release", "--quiet", "--bin", "logcodes", "--example", "synthesize"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "access.log")
        with open(log, "wb") as out:
            subprocess.run([os.path.join(ROOT, "target/release/examples/synthesize"), "combined", str(lines)], stdout=out, check=True)
        print(f"{lines} combined lines, {os.path.getsize(log) / 1e6:.0f} MB, {os.cpu_count()} cores, {rounds} rounds")
        todo = list(commands(log))
        times = {name: [] for name, _, _ in todo}
        for round_ in range(rounds + 1):
            for name, command, worth in todo:
                if worth is None or 0 < round_ <= worth:
                    took = run(command, folder)
                    if round_ > 0:
                        times[name].append(took)
        base = statistics.median(times["wc -l"])
        print(f"{'command':<20} {'median s':>9} {'min s':>7} {'max s':>7} {'x wc -l':>8} {'ns/line':>8}")
        for name, took in times.items():
            median = statistics.median(took)
            print(f"{name:<20} {median:>9.3f} {min(took):>7.3f} {max(took):>7.3f} {median / base:>8.2f} {median / lines * 1e9:>8.0f}")


if __name__ == "__main__":
    main()
