"""The proxies, each with its configuration of ../../docs/proxies, on ports of this machine and with files of a test's own."""
import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))
from certificates import Certificate  # noqa: E402
from service import free_port  # noqa: E402

NAME = "crm.example.com"
IS_ROOT = os.geteuid() == 0


class Connection(http.client.HTTPConnection):
    """To a proxy on this machine, by the name that it has outside."""

    def __init__(self, port, context):
        self.default_port = 443 if context else 80
        super().__init__(NAME, timeout=30)
        self.proxy_port, self.context = port, context

    def connect(self):
        self.sock = socket.create_connection(("127.0.0.1", self.proxy_port), self.timeout)
        if self.context:
            self.sock = self.context.wrap_socket(self.sock, server_hostname=NAME)


class Proxy:
    """A proxy before two processes."""

    scheme = "https"

    def __init__(self, directory, ports, edits=()):
        """`edits` are pairs of what stands in the configuration and what stands there in this test."""
        self.port = free_port()
        self.directory = directory / f"{self.name}-{self.port}"
        self.directory.mkdir()
        self.directory.chmod(0o755)
        self.certificate = Certificate(self.directory, NAME, NAME)
        text = (ROOT / "docs" / "proxies" / self.file).read_text()
        for old, new in [*edits, *self.edits(*ports)]:
            assert old in text, f"docs/proxies/{self.file} has no {old!r}"
            text = text.replace(old, new)
        self.configuration = self.directory / self.file
        self.configuration.write_text(text)
        self.log = open(self.directory / "log", "ab")
        self.process = subprocess.Popen(
            [str(part) for part in self.command()], stdout=self.log, stderr=self.log, start_new_session=True,
            env={**os.environ, "HOME": str(self.directory), "XDG_DATA_HOME": str(self.directory)})
        self.wait()

    @classmethod
    def path(cls):
        """Where the program is; None where it is not installed."""
        return shutil.which(cls.program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")

    def edits(self, first, second):
        """Ports and files; the configuration's own ones are those of a machine that does nothing else."""
        return [("127.0.0.1:8087", f"127.0.0.1:{first}"), ("127.0.0.1:8088", f"127.0.0.1:{second}"),
                (f"/etc/ssl/{NAME}.pem", self.certificate.certificate), (f"/etc/ssl/{NAME}.key", self.certificate.key)]

    def wait(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(f"{self.name} does not start: {(self.directory / 'log').read_text()}") from None
                time.sleep(0.05)

    def connection(self, source=None):
        assert source is None
        context = None
        if self.scheme == "https":
            context = ssl.create_default_context(cafile=self.certificate.certificate)
        return Connection(self.port, context)

    def kept(self, ports):
        """The connections that its processes hold to ports of this machine."""
        sockets = set()
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # A process that has ended meanwhile.
                if int(stat.read_text().rpartition(")")[2].split()[3]) == self.process.pid:  # Its session.
                    sockets.update(os.readlink(descriptor) for descriptor in (stat.parent / "fd").iterdir())
        rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        open_ones = {f"socket:[{inode}]" for _, _, remote, state, _, _, _, _, _, inode, *_ in rows
                     if state == "01" and int(remote.split(":")[1], 16) in ports}
        return open_ones & sockets

    @property
    def outside(self):
        return f"{self.scheme}://{NAME}"

    def stop(self):
        try:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.log.close()


class Nginx(Proxy):
    name, program, package, file = "nginx", "nginx", "nginx", "nginx.conf"
    # What stands in many a guide to WebSockets.
    passes_upgrades = [('proxy_set_header Connection "";',
                        'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";')]
    keeps_for_two_seconds = [("keepalive_timeout 60s", "keepalive_timeout 2s")]

    def edits(self, *ports):
        return [*super().edits(*ports), ("listen 443", f"listen 127.0.0.1:{self.port}")]

    def command(self):
        temporary = "".join(f"{name}_temp_path {self.directory}/{name};\n"
                            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        main = self.directory / "main.conf"
        main.write_text(f"{'user root;' if IS_ROOT else ''}\ndaemon off;\npid {self.directory}/pid;\n"
                        "events {}\nhttp {\naccess_log off;\n"
                        f"{temporary}include {self.configuration};\n}}\n")
        return [self.path(), "-c", main, "-p", self.directory, "-e", self.directory / "log"]


class HAProxy(Proxy):
    name, program, package, file = "HAProxy", "haproxy", "haproxy", "haproxy.cfg"
    passes_upgrades = []
    keeps_for_two_seconds = [("default-server check", "default-server pool-purge-delay 1s check")]

    def edits(self, first, second):
        both = self.directory / "both.pem"
        both.write_text(pathlib.Path(self.certificate.certificate).read_text()
                        + pathlib.Path(self.certificate.key).read_text())
        return [("127.0.0.1:8087", f"127.0.0.1:{first}"), ("127.0.0.1:8088", f"127.0.0.1:{second}"),
                ("bind :443", f"bind 127.0.0.1:{self.port}"), (f"/etc/haproxy/{NAME}.pem", str(both))]

    def command(self):
        return [self.path(), "-db", "-f", self.configuration]


class Apache(Proxy):
    name, program, package, file = "Apache", "apache2", "apache2-bin", "apache.conf"
    passes_upgrades = []
    keeps_for_two_seconds = [("ttl=60", "ttl=2")]
    modules = ["mpm_event", "authz_core", "slotmem_shm", "socache_shmcb", "ssl", "headers", "proxy", "proxy_http",
               "proxy_balancer", "lbmethod_byrequests", "proxy_hcheck"]

    def edits(self, *ports):
        return [*super().edits(*ports), ("<VirtualHost *:443>", f"<VirtualHost *:{self.port}>")]

    def command(self):
        main = self.directory / "main.conf"
        loads = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in self.modules)
        main.write_text(f"ServerRoot {self.directory}\nDefaultRuntimeDir {self.directory}\nPidFile {self.directory}/pid\n"
                        f"ErrorLog {self.directory}/log\nServerName {NAME}\n{loads}Listen 127.0.0.1:{self.port}\n"
                        # Each process of its own keeps connections.
                        "StartServers 1\nServerLimit 1\nThreadsPerChild 50\nMaxRequestWorkers 50\n"
                        f"{'User www-data' if IS_ROOT else ''}\nInclude {self.configuration}\n")
        return [self.path(), "-d", self.directory, "-f", main, "-DFOREGROUND"]


class Caddy(Proxy):
    name, program, package, file = "Caddy", "caddy", "caddy", "Caddyfile"
    passes_upgrades = []
    # Its checks use the same connections.
    keeps_for_two_seconds = [("keepalive 60s", "keepalive 2s"), ("health_interval 1s", "health_interval 1h")]

    def edits(self, *ports):
        return [*super().edits(*ports), (f"{NAME} {{", f"{NAME}:{self.port} {{")]

    def command(self):
        text = self.configuration.read_text()
        self.configuration.write_text("{\nadmin off\nauto_https disable_redirects\nskip_install_trust\n}\n" + text)
        return [self.path(), "run", "--config", self.configuration, "--adapter", "caddyfile"]


class Varnish(Proxy):
    name, program, package, file = "Varnish", "varnishd", "varnish", "varnish.vcl"
    scheme = "http"  # Which is all that it speaks.
    passes_upgrades = []
    keeps_for_two_seconds = [("backend_idle_timeout=60", "backend_idle_timeout=2")]

    def edits(self, first, second):
        return [('"8087"', f'"{first}"'), ('"8088"', f'"{second}"')]

    def command(self):
        # As the file's first line says.
        parameters = self.configuration.read_text().split("`")[1].split("-p ")[1].split()[0]
        return [self.path(), "-F", "-j", "none", "-n", self.directory, "-a", f"127.0.0.1:{self.port}", "-f",
                self.configuration, "-p", parameters, "-s", "malloc,16m"]


ALL = [Nginx, HAProxy, Apache, Caddy, Varnish]
