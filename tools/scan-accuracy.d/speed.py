"""Times commands on one file, in turn, on one core, and prints a Markdown table.

usage: speed.py FILE RUNS NAME=COMMAND...

The word FILE in a command is the file. The first command is what the others are compared with.
"""

import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time


def run(command, core):
    """Seconds, and the most memory in MB."""
    # Into a file: grep reads no further than the first match where its output goes to /dev/null.
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"},
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    if os.WIFSIGNALED(status) or os.WEXITSTATUS(status) > 1:
        sys.exit(f"{command[0]} failed: {status}")
    return seconds, usage.ru_maxrss / 1024


def main():
    file, runs = sys.argv[1], int(sys.argv[2])
    commands = [(name, [file if word == "FILE" else word for word in shlex.split(command)])
                for name, command in (argument.split("=", 1) for argument in sys.argv[3:])]
    core = max(os.sched_getaffinity(0))
    size = os.path.getsize(file) / 1e6
    run(commands[0][1], core)
    taken = {name: [] for name, _ in commands}
    for _ in range(runs):
        for name, command in commands:
            taken[name].append(run(command, core))
    base = statistics.median(seconds for seconds, _ in taken[commands[0][0]])
    print("| on one core | MB/s, median | least, most | of the speed of grep | memory |")
    print("|---|---|---|---|---|")
    for name, _ in commands:
        seconds = [one for one, _ in taken[name]]
        rates = [size / one for one in seconds]
        memory = max(most for _, most in taken[name])
        middle = statistics.median(seconds)
        print(f"| {name} | {size / middle:.0f} | {min(rates):.0f}, {max(rates):.0f} | {base / middle:.3f} | {memory:.0f} MB |")
    print(f"\nA file of {size:.0f} MB, {runs} runs of each in turn.")


main()
