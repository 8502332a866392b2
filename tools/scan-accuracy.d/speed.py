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
    """Seconds of processor time, seconds by the clock, and the most memory in MB."""
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
    return usage.ru_utime + usage.ru_stime, seconds, usage.ru_maxrss / 1024


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
    base = statistics.median(processor for processor, _, _ in taken[commands[0][0]])
    print("| on one core | MB in a second of processor time, median | least, most | of the speed of grep | MB/s by the clock | memory |")
    print("|---|---|---|---|---|---|")
    for name, _ in commands:
        rates = [size / processor for processor, _, _ in taken[name]]
        middle = statistics.median(processor for processor, _, _ in taken[name])
        clock = size / statistics.median(seconds for _, seconds, _ in taken[name])
        memory = max(most for _, _, most in taken[name])
        print(f"| {name} | {size / middle:.0f} | {min(rates):.0f}, {max(rates):.0f} | {base / middle:.3f} | {clock:.0f} | {memory:.0f} MB |")
    print(f"\nA file of {size:.0f} MB, {runs} runs of each in turn. The clock is slower than the processor where others use the machine.")


main()
