"""Takes notifications of webhooks, and believes those that are signed with the webhook's secret:
python3 receiver.py PORT SECRET"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import sys

MOST_BYTES = 1 << 20


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 10  # Seconds for each read: who sends nothing must not hold a thread for ever.

    def do_POST(self):
        length = self.headers.get("Content-Length", "0")
        if len(length) > 9 or length.isdecimal() and int(length) > MOST_BYTES:
            # Before it is read: anybody can send it, and only what has been read whole can be checked.
            self.answer(413)
            return
        body = self.rfile.read(int(length)) if length.isdecimal() else b""
        if not self.is_signed(body):
            self.answer(401)
            return
        # Only now: what is not signed is not worth parsing.
        notification = json.loads(body)
        # Before the answer: after a 200 the service does not send it again.
        print("accepted", notification["Event"], notification["PrimaryKey"], flush=True)
        self.answer(200)

    def is_signed(self, body):
        # Of the bytes as they came: the same JSON, written anew, has another signature.
        expected = base64.b64encode(hmac.new(self.server.secret, body, hashlib.sha256).digest())
        # The texts are compared, so that nothing has to be decoded that may be no base64; as bytes, because others than
        # ASCII cannot be compared as text. Without the field this is the empty text, which is never right.
        given = self.headers.get("X-SuperOffice-Signature", "").encode("latin-1", "replace")
        # Takes as long wherever they differ: with == it could be measured how much of a guess is right.
        return hmac.compare_digest(given, expected)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass  # One line for every request on standard error is of no use here.


class Server(http.server.ThreadingHTTPServer):
    # As many connections as the service may open at once wait, where 5 would be refused.
    request_queue_size = 128


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
    server.secret = os.fsencode(sys.argv[2])  # The bytes that were given, whatever the locale.
    server.serve_forever()
