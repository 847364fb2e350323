"""The logs that are measured, and the programs that make them. Knows nothing of goals."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Name of a log: lines, shape, and how its lines differ from the ordinary ones.
RECIPES = {
    "combined": (6_000_000, "combined", []),
    "timed": (3_000_000, "timed", []),
    "json": (3_000_000, "json", []),
    "high": (3_000_000, "combined", ["--cardinality", "high", "--bad", "500"]),
    "hostile": (3_000_000, "combined", ["--cardinality", "hostile"]),
    "ordinary": (3_000_000, "combined", []),
    "gz": (1_000_000, "combined", []),
    "zst": (1_000_000, "combined", []),
}
PACKERS = {"gz": ["gzip", "--stdout"], "zst": ["zstd", "--quiet", "--stdout"]}


def built(*what):
    """Builds a program and gives its path."""
    command = ["cargo", "build", "--quiet", "--locked", "--message-format", "json", *what]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return next(path for path in (message.get("executable") for message in reversed(said)) if path)


def make(generator, shape, lines, extra, path):
    """Writes a log; a generator in Python is given the path, ours writes to its standard output."""
    if generator.endswith(".py"):
        subprocess.run([sys.executable, generator, shape, str(lines), path, *extra], check=True)
        remove(path + ".truth.json")
    else:
        with open(path, "wb") as out:
            subprocess.run([generator, shape, str(lines), *extra], stdout=out, check=True)


def remove(path):
    if os.path.exists(path):
        os.remove(path)


def count(path):
    """Lines of a plain file."""
    return int(subprocess.run(["wc", "-l", path], capture_output=True, check=True).stdout.split()[0])


class Logs:
    """Hands out logs by name: those given, else those made, in a directory in which they stay as long as they are wanted."""

    def __init__(self, folder, keep, given, generator, scale):
        self.folder, self.keep, self.given, self.generator, self.scale = folder, keep, given, generator, scale

    def get(self, name, lines=None):
        """The path of a log, made if it is not there; `lines` instead of what the recipe says."""
        if name in self.given:
            return self.given[name]
        recipe, shape, extra = RECIPES[name]
        lines = lines or max(1, int(recipe * self.scale))
        by = os.path.splitext(os.path.basename(self.generator))[0]
        path = os.path.join(self.folder, f"{name}-{lines}-{by}.log" + (f".{name}" if name in PACKERS else ""))
        if not os.path.exists(path):
            plain = path + ".part"
            make(self.generator, shape, lines, extra, plain)
            if name in PACKERS:
                with open(path + ".packed", "wb") as out:
                    subprocess.run([*PACKERS[name], plain], stdout=out, check=True)
                os.remove(plain)
                plain = path + ".packed"
            os.rename(plain, path)
        return path

    def drop(self, path):
        """Removes a log that was made for this run alone."""
        if not self.keep and path not in self.given.values():
            remove(path)
