"""`webhook-svc hash-password`: what it prints, and how it asks."""
import base64
import contextlib
import os
import pty
import re
import select
import signal
import termios
import time
import unittest

from callers import CallerTestCase
from configurations import onsite, scrypt, user
from service import BINARY, run
from soap import Caller


class HashPasswordTests(CallerTestCase):
    def test_in_a_terminal_a_password_is_asked_for_unseen_and_the_terminal_is_left_as_it_was(self):
        for typed, code in ((b"geheim \xc3\xa9\n", 0), (b"\x03", None)):
            pid, terminal = pty.fork()
            if pid == 0:
                os.execv(BINARY, [str(BINARY), "hash-password"])
            self.addCleanup(os.close, terminal)
            shown = b""
            while b"Password:" not in shown:
                shown += os.read(terminal, 1024)
            self.assertFalse(termios.tcgetattr(terminal)[3] & termios.ECHO)
            os.write(terminal, typed)
            deadline = time.monotonic() + 60
            with contextlib.suppress(OSError):
                while time.monotonic() < deadline:
                    if select.select([terminal], [], [], 0.2)[0]:
                        shown += os.read(terminal, 1024)
                    elif code is None:
                        # A signal that comes before anybody waits for signals is lost; people press the key again.
                        os.write(terminal, typed)
            os.kill(pid, signal.SIGKILL)
            status = os.waitpid(pid, 0)[1]
            self.assertNotIn(b"geheim", shown)
            self.assertTrue(termios.tcgetattr(terminal)[3] & termios.ECHO, typed)
            if code == 0:
                self.assertEqual(os.waitstatus_to_exitcode(status), 0)
                hash = re.search(rb"\S*scrypt\S*", shown)[0].decode()
                service = self.service(config=onsite(user("anna", 1, passwordHash=hash)))
                self.assert_login(Caller(service).authenticate("anna", "geheim \u00e9"))
            else:
                self.assertEqual(os.waitstatus_to_exitcode(status), 130)

    def test_hash_password_prints_what_a_login_is_checked_against(self):
        hashes = {}
        for given, password in [("pässword\n", "pässword"), ("pässword", "pässword"), ("windows\r\n", "windows"),
                                (" two\n\n", " two\n")]:
            printed = run("hash-password", input=given)
            self.assertEqual((printed.returncode, printed.stderr), (0, ""))
            self.assertRegex(printed.stdout, r"\Ascrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]+=*\$[A-Za-z0-9+/]+=*\n\Z")
            _, _, salt, hash = printed.stdout.strip().split("$")
            self.assertGreaterEqual(len(base64.b64decode(salt)), 16)
            self.assertEqual(base64.b64decode(hash), scrypt(password, base64.b64decode(salt), 15, 3), repr(given))
            hashes[given] = printed.stdout.strip()
        self.assertNotEqual(*(hashes[given].split("$")[2] for given in ("pässword\n", "pässword")), "salts differ")
        longest = "x" * 1024
        hashes[longest] = run("hash-password", input=longest).stdout.strip()
        refused = run("hash-password", input=longest + "x")
        self.assertEqual((refused.returncode, refused.stdout), (64, ""))
        self.assertRegex(refused.stderr, r"\A.*longer than 1024 bytes.*\n\Z")
        for empty in ("", "\n", "\r\n"):
            refused = run("hash-password", input=empty)
            self.assertEqual((refused.returncode, refused.stdout), (64, ""))
            self.assertRegex(refused.stderr, r"\A.*password.*empty.*\n\Z")
        service = self.service(config=onsite(user("anna", 5, passwordHash=hashes["pässword\n"]),
                                             user("bo", 6, passwordHash=hashes[longest])))
        self.assert_login(Caller(service).authenticate("bo", longest))
        self.assert_login(Caller(service).authenticate("anna", "pässword"))
        self.assert_no_login(Caller(service).authenticate("anna", "pässword\n"))


if __name__ == "__main__":
    unittest.main()
