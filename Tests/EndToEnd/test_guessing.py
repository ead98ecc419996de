"""What guessing of passwords and tokens costs the guesser, and that it costs nobody else anything."""
import collections
import contextlib
import http.client
import re
import statistics
import threading
import time
import unittest

from callers import CallerTestCase
from configurations import LOCAL_TARGETS, onsite, password_hash, password_of, user
from rest import Rest, basic
from service import PATIENCE, Task, report, wait_until
from soap import Caller


class GuessingTests(CallerTestCase):
    def test_one_address_that_guesses_keeps_nobody_out_who_logs_in_from_another_for_the_first_time(self):
        service = self.service(config=onsite(user("anna", 1, passwordHash=password_hash("right"))))
        stop, answers = threading.Event(), []

        def guess():
            connection = service.connection("127.0.0.2")
            connection.timeout = 60
            # Those that wait for their turn when the test ends are cut off by the end of the service.
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
                while not stop.is_set():
                    answers.append(Caller(service).authenticate("anna", "wrong", connection=connection))

        self.addCleanup(stop.set)
        for _ in range(50):
            threading.Thread(target=guess, daemon=True).start()
        # From then on as many wait as may.
        self.assertIsNotNone(wait_until(lambda: any(answer.error for answer in answers)), "no guess was refused")
        seconds = []
        for address in range(3, 9):
            begun = time.perf_counter()
            self.assert_login(Caller(service, source=f"127.0.0.{address}").authenticate("anna", "right"))
            seconds.append(time.perf_counter() - begun)
        report("first logins of a user whom 50 connections of another address guess at: "
               + ", ".join(f"{each:.2f} s" for each in seconds))
        self.assertLess(max(seconds), PATIENCE)

    def test_a_thousand_wrong_logins_do_not_keep_the_user_or_others_out(self):
        right = password_hash("right", blocks=15, rounds=3)
        names = ["anna", "bo"]
        service = self.service(config=onsite(*[user(name, n, passwordHash=right) for n, name in enumerate(names, 1)]))
        # Anna has logged in from her address before. Bo has not, but nobody guesses his password.
        begun = time.perf_counter()
        self.assert_login(Caller(service).authenticate("anna", "right"))
        alone = time.perf_counter() - begun
        outcomes, lock, numbers = collections.Counter(), threading.Lock(), iter(range(1000))

        def guess():
            connection = service.connection("127.0.0.2")
            connection.timeout = 60
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return connection.close()
                answer = Caller(service).authenticate("anna", f"wrong {number}", connection=connection)
                if answer.error:
                    outcome = "refused"
                    if (answer.error[0] != "SoSessionException" or not re.fullmatch(
                            r"Too many logins at once, or after failed ones\. Try again in (a second|\d+ seconds)\.", answer.error[1])):
                        outcome = answer.text
                else:
                    outcome = "failed" if answer.value("AuthenticationSucceeded") == "false" else answer.text
                with lock:
                    outcomes[outcome] += 1

        seconds, wrong = {name: [] for name in names}, []

        def log_in(name):
            while any(thread.is_alive() for thread in threads):
                begun = time.perf_counter()
                answer = Caller(service, source="127.0.0.1").authenticate(name, "right")
                seconds[name].append(time.perf_counter() - begun)
                if answer.error or answer.value("AuthenticationSucceeded") != "true":
                    wrong.append(answer.text)
                time.sleep(0.05)

        threads = [threading.Thread(target=guess) for _ in range(50)]
        honest = [threading.Thread(target=log_in, args=[name]) for name in names]
        begun = time.perf_counter()
        for thread in threads + honest:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - begun
        for thread in honest:
            thread.join()
        report(f"1000 wrong logins of one user from one address in {took:.1f} s: {dict(outcomes)}; meanwhile "
               + ", ".join(f"{len(list)} right ones of {name}, the longest {max(list):.2f} s"
                           for name, list in seconds.items()))
        self.assertEqual(wrong, [], "a right login was refused")
        self.assertEqual(set(outcomes), {"failed", "refused"})
        self.assertEqual(sum(outcomes.values()), 1000)
        self.assertLess(outcomes["failed"], 30, "few guesses are heard")
        # Bo's password has to be checked, behind the few guesses that are heard; mostly neither waits.
        for name in names:
            self.assertLess(statistics.median(seconds[name]), alone + 0.1, name)
            self.assertLess(max(seconds[name]), PATIENCE, name)
        metrics = service.request("GET", "/metrics")[1].decode()
        expected = {"succeeded": 1 + sum(map(len, seconds.values())), **outcomes}
        for outcome, count in expected.items():
            self.assertIn(f'webhook_svc_login_attempts_total{{outcome="{outcome}"}} {count}\n', metrics)
        lines = [line for line in service.log_text().splitlines() if "login failed" in line]
        self.assertEqual(len(lines), outcomes["failed"])
        self.assertNotIn("wrong ", "".join(lines))

    def test_failures_slow_the_next_attempt_down_and_then_only_the_address_that_they_come_from(self):
        service = self.service(config=onsite(user("anna", 5), user("bo", 6),
                                             accessTokens=[{"token": "8A:right", "user": "anna"}]))

        def seconds(attempt):
            begun = time.perf_counter()
            attempt()
            return time.perf_counter() - begun

        def wrong(source, name):
            return lambda: self.assert_no_login(Caller(service, source=source).authenticate(name, "wrong"))

        by_address = [seconds(wrong("127.0.3.1", f"stranger{n}")) for n in range(6)]
        by_user = [seconds(wrong(f"127.0.3.{n + 2}", "anna")) for n in range(6)]
        report("waits of six failing logins: " + "; ".join(
             f"{what} {', '.join(f'{s * 1000:.0f}' for s in waits)} ms"
             for what, waits in (("by address", by_address), ("by user", by_user))))
        for waits in (by_address, by_user):
            # Each pause is 100 ms at least; only one of the three may take that long because the machine is busy.
            self.assertLess(sorted(waits[:3])[1], 0.1, "three cost nothing")
            self.assertGreater(sum(waits), 0.25, "then 100 ms and 200 ms")
            self.assertGreater(waits[5], 0.15)
        self.assert_no_pause(lambda: Caller(service, source="127.0.3.99").log_in("bo"))

        self.rush(lambda: Caller(service, source="127.0.3.100").use_access_token("8A:wrong"))
        self.assert_no_pause(lambda: self.assert_login(
            Caller(service, source="127.0.3.101").use_access_token("8A:right")))

    def assert_no_pause(self, login):
        """A login that is not slowed: of three the quickest ends before the shortest pause would. A slowed one would pause
        each time."""
        seconds = []
        for _ in range(3):
            begun = time.perf_counter()
            login()
            seconds.append(time.perf_counter() - begun)
        self.assertLess(min(seconds), 0.1)

    def rush(self, attempt):
        """Makes many wrong attempts at once, until one is refused unheard. The others go on waiting for their turn."""
        answers, arrived = [], threading.Condition()

        def guess():
            try:
                answer = attempt()
            except (OSError, http.client.HTTPException):
                return  # The test has ended, and the service with it.
            with arrived:
                answers.append(answer)
                arrived.notify_all()

        for thread in [threading.Thread(target=guess, daemon=True) for _ in range(60)]:
            thread.start()
        with arrived:
            # Those who are heard wait for longer and longer; who is refused does not wait.
            arrived.wait_for(lambda: any(answer.error for answer in answers), PATIENCE)
            refused = [answer for answer in answers if answer.error]
            self.assertTrue(refused, "none of them was refused")
            for answer in refused:
                self.assert_error(answer, "SoSessionException", "Too many logins at once, or after failed ones. Try again in ")
            self.assertLess(len(answers) - len(refused), 10, "few are heard")

    def test_clients_of_one_proxy_are_slowed_down_each_for_itself(self):
        service = self.service("--trusted-proxy", "127.0.0.1", config=onsite(user("anna", 5), accessTokens=[
            {"token": "8A:right", "user": "anna"}]))
        self.rush(lambda: Caller(service).use_access_token("8A:wrong", headers={"X-Forwarded-For": "203.0.113.9"}))
        for address in ("203.0.113.10", "198.51.100.1, 203.0.113.11", "2001:db8::9"):
            self.assert_no_pause(lambda: self.assert_login(
                Caller(service).use_access_token("8A:right", headers={"X-Forwarded-For": address})))

    def test_wrong_passwords_are_slowed_and_too_many_at_once_are_told_when_to_come_back(self):
        config = {**LOCAL_TARGETS, "tenants": [{"users": [user("anna", 5)]}]}
        service = self.service(config=config)
        anna = Rest(service, basic("anna", password_of("anna")))
        self.assertEqual(anna.call("GET", "/Webhook").status, 200)
        wrong = Rest(service, basic("stranger", "wrong"), source="127.0.1.1")
        seconds = []
        for _ in range(6):
            begun = time.perf_counter()
            answer = wrong.call("GET", "/Webhook")
            seconds.append(time.perf_counter() - begun)
            self.assertEqual((answer.status, answer.error), (401, ("SoSessionException", "Authentication failed!")))
        # After the third the pauses are 100, 200 and 400 ms.
        self.assertGreater(sum(seconds[3:]), 0.6, seconds)

        def attempt():
            return wrong.call("GET", "/Webhook")

        answers = [thread.wait() for thread in [Task(attempt) for _ in range(40)]]
        self.assertEqual({answer.status for answer in answers}, {401})
        refused = [answer for answer in answers if answer.error[1] != "Authentication failed!"]
        self.assertGreater(len(refused), 0, "not all of them may wait")
        for answer in refused:
            self.assertRegex(answer.fields["Retry-After"] or "none", r"\A[1-9]\d?\Z")
            self.assertEqual(len(answer.fields.get_all("WWW-Authenticate")), 3)
        # Who is known does not wait for them.
        self.assert_no_pause(lambda: self.assertEqual(anna.call("GET", "/Webhook").status, 200))


if __name__ == "__main__":
    unittest.main()
