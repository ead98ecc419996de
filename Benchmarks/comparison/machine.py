"""The machine that is measured on: its cores, its programs, and one line about it."""
import os
import pathlib
import platform
import re
import shutil
import subprocess
import time

CORES = sorted(os.sched_getaffinity(0))
# What is measured has a core of its own; clients and targets share another.
MEASURED, OTHERS = str(CORES[0]), str(CORES[-1])


def on_core(core, *command):
    """A command that runs on one core. Its process is that of the command itself."""
    return ["taskset", "--cpu-list", core, *map(str, command)]


def program(name):
    """Where a program is; None where it is not installed."""
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")


def cpu_seconds(process):
    """The processor time that all threads of a process have used."""
    return time.clock_gettime(~process.pid << 3 | 2)  # The clock's id, as clock_getcpuclockid(3) makes it.


def resident_megabytes(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def description(binary):
    cpu = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    system = re.search(r'^PRETTY_NAME="(.*)"$', pathlib.Path("/etc/os-release").read_text(), re.M)
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return (f"{time.strftime('%-d %B %Y')}, webhook-svc {version}; {len(CORES)} cores of "
            f"{cpu.group(1) if cpu else platform.machine()}, {system.group(1)}, Linux {platform.release()}")
