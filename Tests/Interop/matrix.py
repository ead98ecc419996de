"""What all runs of Interop share: programs as processes, the columns of a matrix, the user that clients log in as."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "EndToEnd"))
from configurations import password_hash, user  # noqa: E402
from soap import Caller  # noqa: E402

IS_MISSING = 77
SECONDS = 300  # For one run; g++ needs many of them on a busy machine.

USER_NAME, ASSOCIATE, PASSWORD = "Åse Berg", 5, "p&<ss>ørd 'ja' \"nei\""
SECRET = "s3crét & <co>"
CONFIG = {"requireHttpsTargets": False, "allowPrivateTargets": "127.0.0.0/8",
          "tenants": [{"users": [user(USER_NAME, ASSOCIATE, passwordHash=password_hash(PASSWORD))]}]}


def log_in(service):
    return Caller(service).log_in(USER_NAME, PASSWORD)


class Column:
    """What came of one run: of each check that it has, None where it passed, else what was wrong."""

    def __init__(self, *heading):
        self.heading, self.results, self.output, self.missing = heading, {}, "", None

    @property
    def name(self):
        return " ".join(filter(None, self.heading))

    def mark(self, check):
        if self.missing is not None:
            return "missing"
        if check not in self.results:
            return "-"
        return "pass" if self.results[check] is None else "FAIL"

    @property
    def failures(self):
        return {check: problem for check, problem in self.results.items() if problem is not None}


def print_matrix(title, checks, columns):
    """As many columns side by side as the terminal has room for."""
    checks = [*checks, *{check: None for column in columns for check in column.results if check not in checks}]
    label = max(map(len, [title, *checks]))
    widths = [max(len(text) for text in [*column.heading, "missing"]) for column in columns]
    room = shutil.get_terminal_size((120, 24)).columns
    while columns:
        count = max(1, sum(label + sum(2 + width for width in widths[:n + 1]) <= room for n in range(len(columns))))
        shown, columns = columns[:count], columns[count:]
        shown_widths, widths = widths[:count], widths[count:]
        headings = list(zip(*(column.heading for column in shown)))
        rows = [(title if n == 0 else "", heading) for n, heading in enumerate(headings)]
        rows += [(check, [column.mark(check) for column in shown]) for check in checks]
        print()
        for name, cells in rows:
            cells = "".join("  " + cell.ljust(width) for cell, width in zip(cells, shown_widths))
            print((name.ljust(label) + cells).rstrip())


def print_failures(columns):
    """The output of what failed, and after all of it the problems, so that the end of a log has them."""
    for column in columns:
        if column.failures and column.output:
            print(f"\nOutput of {column.name}:")
            print("\n".join("    " + line for line in column.output.splitlines()))
    print()
    for column in columns:
        if column.missing is not None:
            print(f"{column.name} cannot be tried: {column.missing}")
        # Those that fail alike, such as all that a run which ended early did not report, are told together.
        for problem in dict.fromkeys(column.failures.values()):
            checks = [check for check, other in column.failures.items() if other == problem]
            print(f"{column.name}: {', '.join(checks)}: {problem}")


def progress(column, begun):
    marks = {column.mark(check) for check in column.results} or {"missing"}
    state = next(mark for mark in ("missing", "FAIL", "pass") if mark in marks)
    seconds = time.monotonic() - begun
    print(f"{column.name}: {state}, {seconds:.1f} s", file=sys.stderr, flush=True)


class Command:
    """A program in a process group of its own, so that it can be ended with all that it started."""

    def __init__(self, arguments, variables=None):
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
                       **(variables or {})}
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(argument) for argument in arguments], cwd=pathlib.Path(arguments[0]).parent, env=environment,
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.output.close()

    def wait(self):
        """How it ended, None if it did not in time, and what it printed."""
        try:
            code = self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        return code, self.text()

    def text(self):
        # Not through the file's position, which the program's own writing shares.
        return os.pread(self.output.fileno(), 1 << 20, 0).decode(errors="replace")
