"""Deliveries to targets by name, with name servers and addresses that do not answer. Runs in a network and a mount of its
own (see test_names.py), so that names, name servers and addresses can be what a trial needs. Prints the seconds from the
signal to the arrival of each event, as JSON."""
import json
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from receiver_process import ReceiverProcess
from service import Service

SILENT_NAMES = 40


def run(*command):
    subprocess.run(command, check=True)


def replace(path, text, directory):
    """Has processes of this mount read `text` in the file at `path`."""
    file = pathlib.Path(directory) / pathlib.Path(path).name
    file.write_text(text)
    run("mount", "--bind", str(file), path)


class NameServer:
    """Answers for `healthy.test` and no other name: what it is asked for those is lost."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            question, client = self.socket.recvfrom(4096)
            if b"\x07healthy\x04test\x00" not in question:
                continue
            end = question.index(b"\x00", 12) + 5
            kind, = struct.unpack("!H", question[end - 4:end - 2])
            answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + socket.inet_aton("127.0.0.1") if kind == 1 else b""
            head = question[:2] + struct.pack("!HHHHH", 0x8180, 1, 1 if answer else 0, 0, 0)
            self.socket.sendto(head + question[12:end] + answer, client)


def arrivals(service, receiver, events, pause):
    """Signals one event after the other, `pause` seconds apart; how long each took to the first arrival, in seconds."""
    times = []
    for key in range(events):
        count, begun = receiver.arrivals()[0], time.monotonic()
        service.signal("contact.created", key)
        while receiver.arrivals()[0] == count and time.monotonic() < begun + 30:
            time.sleep(0.005)
        times.append(time.monotonic() - begun)
        time.sleep(max(0, begun + pause - time.monotonic()))
    return times


def with_silent_names(directory, service, receiver):
    replace("/etc/resolv.conf", "nameserver 127.0.0.1\n", directory)
    NameServer()
    service.start()
    urls = [f"http://silent{number}.test:{receiver.port}/" for number in range(SILENT_NAMES)]
    for url in urls[:SILENT_NAMES // 2] + [f"http://healthy.test:{receiver.port}/"] + urls[SILENT_NAMES // 2:]:
        service.save(url, ["contact.created"])
    return arrivals(service, receiver, 150, 0.2)


def with_dead_addresses(directory, service, receiver):
    dead = [f"2001:db8::{number}" for number in range(1, 4)]
    for address in dead:
        run("ip", "-6", "address", "add", address + "/128", "dev", "lo")
    # Of a family that has only loopback addresses, resolvers leave every address out.
    run("ip", "address", "add", "198.51.100.1/32", "dev", "lo")
    replace("/etc/hosts", "".join(f"{address} dual.test\n" for address in [*dead, "127.0.0.1"]), directory)
    held = []
    for address in dead:
        # A listener that takes nobody, with one connection waiting: the system drops whoever asks then.
        listener = socket.socket(socket.AF_INET6)
        listener.bind((address, receiver.port))
        listener.listen(0)
        held += [listener, socket.create_connection((address, receiver.port))]
    service.start()
    service.save(f"http://dual.test:{receiver.port}/", ["contact.created"])
    # The process that saved the webhook may know which address answered; a new one does not.
    service.kill()
    service.start()
    return arrivals(service, receiver, 5, 0.5)


def main():
    run("ip", "link", "set", "lo", "up")
    trial = {"silent-names": with_silent_names, "dead-addresses": with_dead_addresses}[sys.argv[1]]
    receiver = ReceiverProcess()
    with tempfile.TemporaryDirectory(prefix="webhook-svc-") as directory:
        service = Service(directory, "--verify-target", "false", "--log-level", "error")
        try:
            print(json.dumps(trial(directory, service, receiver)))
        finally:
            service.kill()
            service.log.close()
            receiver.close()


if __name__ == "__main__":
    main()
