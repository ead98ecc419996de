"""Builds the load generator and the peers from ../peers."""
import pathlib
import subprocess

from comparison.machine import program

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "peers"


class Tools:
    """The programs, in a directory; None for those whose packages are missing, which `missing` names."""

    def __init__(self, directory):
        self.directory, self.missing = pathlib.Path(directory), {}
        self.load = self.compile("gcc", "load.c")
        self.sender = self.server = None
        if not (has_header("curl/curl.h") and has_header("openssl/hmac.h")):
            self.missing["libcurl"] = "libcurl4-openssl-dev or libssl-dev is not installed"
        else:
            self.sender = self.compile("gcc", "sender.c", "-lcurl", "-lcrypto")
        if not program("nginx"):
            self.missing["nginx"] = "nginx-light is not installed"
        if not (program("wsdl2h") and program("soapcpp2")):
            self.missing["gSOAP"] = "gsoap is not installed"
        elif not (program("g++") and has_header("stdsoap2.h", "c++") and has_header("sqlite3.h")):
            self.missing["gSOAP"] = "g++, libgsoap-dev or libsqlite3-dev is not installed"

    def build_server(self, wsdl):
        """Generates gSOAP's part of the peer from a WSDL, and builds the peer."""
        if "gSOAP" in self.missing:
            return
        (self.directory / "service.wsdl").write_text(wsdl)
        self.run("wsdl2h", "-o", "service.h", "service.wsdl")
        # -Ec: functions that copy a webhook from one call for later ones.
        self.run("soapcpp2", "-1", "-S", "-x", "-L", "-w", "-Ec", "-I/usr/share/gsoap/import:/usr/share/gsoap",
                 "service.h")
        self.server = self.compile("g++", "server.cpp", "soapC.cpp", "soapServer.cpp", "-lgsoap++", "-lsqlite3")

    def compile(self, compiler, source, *more):
        """Builds a program of the same name from a source of ours."""
        program = self.directory / pathlib.Path(source).stem
        self.run(compiler, "-O2", "-w", "-I.", "-o", program, SOURCES / source, *more)
        return program

    def run(self, *command):
        done = subprocess.run([*map(str, command)], cwd=self.directory, capture_output=True, text=True)
        assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout}{done.stderr}"


def has_header(name, language="c"):
    return subprocess.run(["gcc", "-E", "-include", name, "-x", language, "/dev/null"], capture_output=True).returncode == 0
