"""A receiver in a process of its own, for more notifications than threads of a test could take beside their own work.
With a secret it checks signatures and keeps who got what; without, it only counts."""
import base64
import collections
import hashlib
import hmac
import json
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
OK_AND_CLOSE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CLOSING_SECONDS = 0.02  # Servers end a connection a moment after their last answer on it.
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
SIGNATURE = re.compile(rb"\r\nx-superoffice-signature: *([^\r]+)", re.IGNORECASE)


class ReceiverProcess:
    """Each webhook has a path of its own: `url(7)`; and with `hosts` one of so many addresses of its own: `host_url(7)`. With
    `closes`, every answer to a notification ends its connection."""

    def __init__(self, secret="", hosts=0, closes=False):
        arguments = [secret, str(hosts), *(["closes"] if closes else [])]
        self.process = subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def url(self, webhook=0):
        return f"http://127.0.0.1:{self.port}/{webhook}"

    def host_url(self, webhook):
        return f"http://{host(webhook)}:{self.port}/{webhook}"

    def ask(self, what):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{what}", timeout=30) as answer:
            return json.load(answer)

    def arrivals(self):
        """How many have arrived, and when the last one did, by the monotonic clock."""
        return self.ask("arrivals")

    def notifications(self):
        """Primary key, event id, webhook and whether the signature is right, of each in the order of arrival."""
        return [tuple(each) for each in self.ask("notifications")]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def host(number):
    return f"127.7.{number // 250}.{number % 250 + 1}"


class Connections:
    def __init__(self, secret, hosts, closes):
        self.secret = secret
        self.hosts = hosts
        self.ok = OK_AND_CLOSE if closes else OK
        self.count, self.last = 0, 0.0
        self.notifications = []

    def serve(self):
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        port = listener.getsockname()[1]
        others = [socket.create_server((host(number), port), backlog=16) for number in range(self.hosts)]
        listeners = {each.fileno(): each for each in [listener, *others]}
        print(port, flush=True)
        poll = select.epoll()
        for number in listeners:
            poll.register(number, select.EPOLLIN)
        connections, rest = {}, {}
        ending = collections.deque()
        while True:
            events = poll.poll(CLOSING_SECONDS if ending else None)
            while ending and ending[0][0] <= time.monotonic():
                _, number, connection = ending.popleft()
                if connections.get(number) is connection:
                    poll.unregister(number)
                    connection.close()
                    del connections[number], rest[number]
            for number, _ in events:
                if number not in listeners and number not in connections:
                    continue  # It was closed just now.
                if number in listeners:
                    connection, _ = listeners[number].accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    connections[connection.fileno()], rest[connection.fileno()] = connection, b""
                    poll.register(connection.fileno(), select.EPOLLIN)
                    continue
                connection = connections[number]
                try:
                    data = connection.recv(1 << 18)
                    if data:
                        answer, rest[number] = self.answer(rest[number] + data)
                        connection.sendall(answer)
                        if answer.endswith(OK_AND_CLOSE):
                            ending.append((time.monotonic() + CLOSING_SECONDS, number, connection))
                        continue
                except OSError:
                    pass  # The service was killed.
                poll.unregister(number)
                connection.close()
                del connections[number], rest[number]

    def answer(self, data):
        """The answers to the requests that are complete, and what is left."""
        answers, start = b"", 0
        while True:
            end = data.find(b"\r\n\r\n", start)
            if end < 0:
                break
            length = LENGTH.search(data, start, end)
            after = end + 4 + (int(length[1]) if length else 0)
            if len(data) < after:
                break
            if data.startswith(b"POST", start):
                self.count += 1
                self.last = time.monotonic()
                answers += self.ok
                if self.secret:
                    self.keep(data[start:end], data[end + 4:after])
            else:
                is_list = data.startswith(b"GET /notifications", start)
                what = self.notifications if is_list else [self.count, self.last]
                body = json.dumps(what).encode()
                answers += b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            start = after
        return answers, data[start:]

    def keep(self, head, body):
        expected = base64.b64encode(hmac.new(self.secret, body, hashlib.sha256).digest())
        found = SIGNATURE.search(head)
        notification = json.loads(body)
        webhook = int(head[head.index(b"/") + 1:head.index(b" HTTP/")])
        self.notifications.append((notification["PrimaryKey"], notification["EventId"], webhook,
                                   found is not None and found[1] == expected))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    Connections(sys.argv[1].encode(), int(sys.argv[2]), closes="closes" in sys.argv[3:]).serve()
