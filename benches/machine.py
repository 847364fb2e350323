"""Where and with what something was measured, as the head of a record."""
import datetime
import os
import platform
import re
import shutil
import subprocess

from logs import ROOT

TOOLS = [["wc", "--version"], ["rhit", "--version"], ["goaccess", "--version"], ["jq", "--version"], ["mawk", "-W", "version"], ["zcat", "--version"], ["zstd", "--version"]]


def first_line(command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    said = (done.stdout or done.stderr).strip()
    return said.splitlines()[0].strip("* ") if said else ""


def from_file(path, key):
    """What stands behind a key in one of the kernel's files."""
    with open(path) as file:
        return next((line.partition(":")[2].strip() for line in file if line.startswith(key)), "unknown")


def describe(argv, args, commands):
    """The head of a record: when, where, with what, and how to do it again."""
    options = [re.sub(r"(^|=)/.*/", r"\1", option) for option in argv[1:]]
    head = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": first_line(["git", "describe", "--always", "--dirty"]),
        "rustc": first_line(["rustc", "--version"]),
        "processor": from_file("/proc/cpuinfo", "model name"),
        "cores": f"{os.cpu_count()}, busy at the end: {os.getloadavg()[0]:.1f} on average in the last minute",
        "memory": f"{int(from_file('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB, logs in the page cache",
        "kernel": f"{platform.system()} {platform.release()}",
        "command": " ".join(["benches/compare.py", *options]),
        "logs": "examples/synthesize.rs" if not (args.given or args.generator) else "others than those of examples/synthesize.rs",
    }
    lines = [f"{key:<10} {value}" for key, value in head.items()]
    lines += ["", "beside"] + [f"           {first_line(tool)}" for tool in TOOLS if shutil.which(tool[0])]
    if commands:
        lines += ["", "ran"] + [f"           {command}" for command in commands]
    return "\n".join(lines) + "\n"
