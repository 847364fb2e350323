"""How long a command takes, how much of the processor and how much memory. Knows nothing of logs and goals.

A command is a list of words, or several of them that are piped into one another; no shell is between. The last one's output
goes into a file: a program may notice /dev/null and do less.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time


def stages(command):
    """A command as the list of what is piped."""
    return [command] if isinstance(command[0], str) else command


def words(command):
    """A command as one would type it."""
    return " | ".join(" ".join(f"'{word}'" if set(word) & set(" {}$|") else word for word in stage) for stage in stages(command))


def start(command, out, errors):
    """Starts all stages; the processes, the last one last."""
    running, source = [], subprocess.DEVNULL
    for place, stage in enumerate(stages(command)):
        sink = out if place + 1 == len(stages(command)) else subprocess.PIPE
        process = subprocess.Popen(stage, stdin=source, stdout=sink, stderr=errors)
        if source is not subprocess.DEVNULL:
            source.close()
        source = process.stdout
        running.append(process)
    return running


def fail(command, errors):
    errors.seek(0)
    sys.exit(f"failed: {words(command)}\n{errors.read()[-800:].decode(errors='replace')}")


def wall(command):
    """Seconds from the start of a command to the end of its last stage."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        running = start(command, out, errors)
        codes = [process.wait() for process in reversed(running)]
        took = time.perf_counter() - began
        if any(codes):
            fail(command, errors)
    return took


def processor(command):
    """Seconds of a single command's wall time, and of processor time that the system charges it with."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        (process,) = start(command, out, errors)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            fail(command, errors)
    return took, usage.ru_utime + usage.ru_stime


def anonymous(command):
    """The most anonymous memory, in MiB, that a single command was seen to have; mapped files are not in it."""
    most = 0
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        (process,) = start(command, out, errors)
        with open(f"/proc/{process.pid}/status") as status:
            while process.poll() is None:
                status.seek(0)
                try:
                    held = [line for line in status if line.startswith("RssAnon:")]
                except ProcessLookupError:
                    break
                most = max([most, *(int(line.split()[1]) for line in held)])
                time.sleep(0.001)
        if process.wait():
            fail(command, errors)
    return most / 1024


def in_turn(commands, rounds):
    """Runs commands one after the other, so that a slow moment of the machine hits all alike; the times of each."""
    times = [[] for _ in commands]
    for _ in range(rounds):
        for place, command in enumerate(commands):
            times[place].append(wall(command))
    return times


def warm(path):
    """Reads a file once, so that it is in memory."""
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 22):
            pass


median = statistics.median
