"""Several processes on one PostgreSQL database: what their tests share."""
import collections
import http.client
import itertools
import json
import random
import subprocess
import threading
import time
import unittest

from postgres import PostgreSQL, require
from service import Service, ServiceTestCase, free_port, run, wait_until
from soap import WEBHOOK_PATH, XML_HEADERS, is_acknowledged, signal_body


def setUpModule():
    """Starts the server of a module's tests; a module takes it over by importing it."""
    require()
    Processes.server = PostgreSQL()
    unittest.addModuleCleanup(Processes.server.stop)


class Processes(ServiceTestCase):
    """Each test has a database of its own on the module's server."""

    server = None
    numbers = itertools.count()

    def setUp(self):
        super().setUp()
        self.database = f"test{next(self.numbers)}"
        self.url = self.server.create_database(self.database)

    def process(self, name, *flags, store=None, start=True):
        process = Service(self.directory, "--verify-target", "false", *flags, store=store or self.url, name=name)
        self.addCleanup(process.log.close)
        self.addCleanup(lambda: process.process and process.process.poll() is None and process.kill())
        if start:
            process.start()
        return process

    def hold(self, process, receiver, count):
        """Has `count` deliveries of `process` arrive at `receiver`, which answers them when the test lets it."""
        process.save(receiver.url, ["contact.created"])
        receiver.answers.clear()
        for number in range(count):
            process.signal("contact.created", number)
        self.assertEqual(len(receiver.wait(count)), count)

    def psql(self, sql):
        return self.server.psql(sql, self.database)

    def refusal(self, *arguments, environment=None):
        """Exit code and what was said, of a command that is to fail."""
        try:
            done = run(*arguments, timeout=120, environment=environment)
            return done.returncode, done.stdout + done.stderr
        except subprocess.TimeoutExpired as expired:
            return None, f"still running: {expired.stderr}"

    def serve(self, store, **options):
        return self.refusal("serve", "--dev", "--listen", f"127.0.0.1:{free_port()}", "--store", store, **options)

    def assert_one_line(self, refusal, *texts):
        code, said = refusal
        self.assertNotIn(code, (0, None), said)
        self.assertEqual(said.count("\n"), 1, said)
        for text in texts:
            self.assertRegex(said, text)

    def lock(self, table):
        """Has somebody hold a table for a minute. Returns what gives it back."""
        held = f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)"
        holder = subprocess.Popen(["psql", "--no-psqlrc", "--command", held],
                                  env=self.server.environment(self.database), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        locks = ("SELECT count(*) FROM pg_locks "
                 f"WHERE relation = '{table}'::regclass AND mode = 'AccessExclusiveLock' AND granted")
        self.assertIsNotNone(wait_until(lambda: self.psql(locks) == "1"))
        return lambda: self.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                 "WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()")

    def columns(self, table):
        """The names of a table's columns."""
        return self.psql("SELECT string_agg(column_name, ' ') FROM information_schema.columns "
                         f"WHERE table_name = '{table}' AND table_schema = 'public'").split()

    def assert_works(self, *processes):
        """Each takes an event, and it arrives."""
        receiver = self.receiver()
        webhook = processes[0].save(receiver.url, ["still.works"])
        for key, process in enumerate(processes):
            process.signal("still.works", key)
        self.assertEqual(sorted(keys(receiver.wait(len(processes)))), list(range(len(processes))))
        processes[0].delete(webhook)


def keys(requests):
    return [json.loads(request["body"])["PrimaryKey"] for request in requests]


class Signallers:
    """Clients of several processes: each event goes to one that is up, over a connection that is kept, until one has
    acknowledged it. Every attempt has a key of its own, so that what is received tells of which attempt it is."""

    def __init__(self, live, names, events, threads, burst, pause):
        self.live, self.names, self.burst, self.pause = live, names, burst, pause
        self.is_over = False
        self.keys = itertools.count(1)
        self.attempted, self.acknowledged, self.failures = {}, set(), collections.Counter()
        self.threads = [threading.Thread(target=self.run, args=(events // threads,)) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, events):
        connections = {}
        for number in range(events):
            if number % self.burst == 0:
                time.sleep(random.uniform(*self.pause))
            name = random.choice(self.names)
            while not self.attempt(name, connections):
                if self.is_over:
                    return
                time.sleep(0.02)
        for connection in connections.values():
            connection.close()

    def attempt(self, name, connections):
        key = next(self.keys)
        process = random.choice(self.live or [None])
        if process is None:
            return False
        connection = connections.setdefault(process, process.connection())
        self.attempted[key] = name
        try:
            connection.request("POST", WEBHOOK_PATH, signal_body(name, key), XML_HEADERS)
            response = connection.getresponse()
            if is_acknowledged(response.status, response.read()):
                self.acknowledged.add(key)
                return True
            self.failures["answered with an error"] += 1
        except (OSError, http.client.HTTPException):
            connection.close()
            self.failures["cut off or not connected"] += 1
        return False

    def stop(self):
        self.is_over = True

    @property
    def are_at_work(self):
        return any(thread.is_alive() for thread in self.threads)
