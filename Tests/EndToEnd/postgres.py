"""Scratch PostgreSQL servers, of the programs that Debian's package `postgresql` installs."""
import atexit
import contextlib
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.parse

from service import free_port


def programs():
    """The directory of the newest server's programs; None when there is none."""
    found = [path.parent for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: [int(number) for number in re.findall(r"\d+", path.parent.name)])
    other = shutil.which("initdb")
    return other and pathlib.Path(other).resolve().parent


def require():
    """Skips the tests where PostgreSQL is not installed; where CI is set it must be."""
    if programs():
        return
    if os.environ.get("CI"):
        raise AssertionError("PostgreSQL's server is not installed, and CI requires it: .ci/install tests")
    raise unittest.SkipTest("PostgreSQL's server is not installed: .ci/install tests")


class PostgreSQL:
    """Runs from the start on, in a directory of its own. Its administrator comes through a Unix socket, services come
    through loopback, as a role without rights of its own and with a password that URLs must escape."""

    role = "webhook_svc"

    def __init__(self, **settings):
        self.place()
        self.password = f"p@ss/w:rd?{secrets.token_hex(8)}"
        self.run("initdb", "--pgdata", self.data, "--username", "postgres", "--auth-local", "trust",
                 "--auth-host", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8")
        self.configure(**{"listen_addresses": "127.0.0.1", "max_connections": 200, "fsync": "on", **settings})
        self.start()
        self.psql(f"CREATE ROLE {self.role} LOGIN PASSWORD '{self.password}'")

    def place(self):
        self.programs = programs()
        self.directory = tempfile.mkdtemp(prefix="webhook-svc-postgres.")
        atexit.register(self.stop)
        self.port = free_port()
        # initdb refuses root.
        self.prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.prefix:
            shutil.chown(self.directory, "postgres")
        self.data = f"{self.directory}/data"

    def configure(self, **settings):
        settings = {"port": self.port, "unix_socket_directories": self.directory, **settings}
        with open(f"{self.data}/postgresql.conf", "a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def run(self, program, *arguments, check=True):
        return subprocess.run([*self.prefix, str(self.programs / program), *arguments], cwd=self.directory, text=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=check)

    def control(self, *arguments, check=True):
        # A server that inherited a pipe would keep it open.
        return subprocess.run([*self.prefix, str(self.programs / "pg_ctl"), "--pgdata", self.data, "--silent", "--wait",
                               "--log", f"{self.directory}/log", *arguments], cwd=self.directory, check=check,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        self.control("start")

    def restart(self, mode="fast"):
        """`immediate` is a crash: the server recovers from its log."""
        self.control("restart", "--mode", mode)

    def shut_down(self, mode="fast"):
        """Stops the server until `start`."""
        self.control("stop", "--mode", mode)

    @contextlib.contextmanager
    def frozen(self):
        """The server neither answers nor hangs up."""
        first = int(pathlib.Path(f"{self.data}/postmaster.pid").read_text().split()[0])
        children = pathlib.Path(f"/proc/{first}/task/{first}/children").read_text().split()
        processes = [first, *map(int, children)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)

    def stop(self):
        """Ends it and removes what it stored."""
        atexit.unregister(self.stop)
        if pathlib.Path(f"{self.data}/postmaster.pid").exists():
            self.control("stop", "--mode", "immediate", check=False)
        # Its last processes may still write for a moment.
        for _ in range(20):
            shutil.rmtree(self.directory, ignore_errors=True)
            if not pathlib.Path(self.directory).exists():
                return
            time.sleep(0.1)

    def environment(self, database="postgres"):
        """What psql and pgbench need to come as the administrator."""
        return {**os.environ, "PGHOST": self.directory, "PGPORT": str(self.port), "PGUSER": "postgres",
                "PGDATABASE": database}

    def psql(self, sql, database="postgres"):
        """The answer's rows as lines, columns separated by `|`."""
        done = subprocess.run(["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set",
                               "ON_ERROR_STOP=1", "--file", "-"], input=sql, text=True, capture_output=True,
                              env=self.environment(database))
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def create_database(self, name):
        """Returns its URL."""
        self.psql(f'CREATE DATABASE "{name}" OWNER {self.role}')
        return self.url(name)

    def url(self, database, password=None, role=None, port=None):
        quoted = urllib.parse.quote(password or self.password, safe="")
        return f"postgres://{role or self.role}:{quoted}@127.0.0.1:{port or self.port}/{database}"

    def log_text(self):
        return pathlib.Path(f"{self.directory}/log").read_text(errors="replace")


class Standby(PostgreSQL):
    """Follows a server until it is promoted. The server waits for it with every commit where it is `synchronous`."""

    def __init__(self, primary, synchronous=True):
        self.place()
        self.password = primary.password
        self.run("pg_basebackup", "--pgdata", self.data, "--write-recovery-conf", "--checkpoint", "fast", "--dbname",
                 f"host={primary.directory} port={primary.port} user=postgres application_name=standby")
        self.configure()
        self.start()
        if synchronous:
            # The copy does not say so: nobody is waited for once it is the primary.
            primary.psql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            primary.psql("SELECT pg_reload_conf()")

    def promote(self):
        self.control("promote")
