"""PostgreSQL as it is set up by others: poolers, roles with few rights, limits, other programs' tables. Each either works
or is refused at the start, in one line."""
import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from postgres import PostgreSQL, Standby
from postgres_processes import Processes, setUpModule  # setUpModule is unittest's.
from service import BINARY, free_port, require_program, wait_until

CONNECTIONS = 10  # Of one process.


class PgBouncer:
    """Runs in front of a server from the start on, on loopback, and lets everybody in as the services' role."""

    def __init__(self, server, mode, **settings):
        program = require_program("pgbouncer")
        self.directory = tempfile.mkdtemp(prefix="webhook-svc-pgbouncer.")
        self.port = free_port()
        settings = {"listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": "", "auth_type": "any",
                    "pool_mode": mode, "default_pool_size": 40, "query_wait_timeout": 3, **settings}
        text = f"[databases]\n* = host={server.directory} port={server.port} user={server.role}\n[pgbouncer]\n"
        text += "".join(f"{name} = {value}\n" for name, value in settings.items())
        pathlib.Path(f"{self.directory}/pgbouncer.ini").write_text(text)
        # It refuses to run as root.
        if server.prefix:
            shutil.chown(self.directory, "postgres")
            os.chmod(self.directory, 0o755)
        with open(f"{self.directory}/log", "wb") as log:
            self.process = subprocess.Popen([*server.prefix, program, f"{self.directory}/pgbouncer.ini"], stdout=log,
                                            stderr=log)

    def url(self, database):
        return f"postgres://anybody@127.0.0.1:{self.port}/{database}"

    def psql(self, sql, database):
        return subprocess.Popen(["psql", "--no-psqlrc", "--quiet", "--command", sql, self.url(database)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Poolers(Processes):
    def pooler(self, mode, **settings):
        pooler = PgBouncer(self.server, mode, **settings)
        self.addCleanup(pooler.stop)
        self.assertIsNotNone(wait_until(lambda: pooler.psql("SELECT 1", self.database).wait() == 0))
        return pooler

    def test_pgbouncer_in_session_mode_works(self):
        pooler = self.pooler("session")
        processes = [self.process(name, store=pooler.url(self.database)) for name in ("one", "two")]
        self.assert_works(*processes)
        for process in processes:
            self.assertEqual(process.stop(), 0)

    def test_pgbouncer_in_session_mode_with_too_few_sessions_is_refused_with_their_number(self):
        pooler = self.pooler("session", default_pool_size=CONNECTIONS - 3)
        self.assert_one_line(self.serve(pooler.url(self.database)), f"{CONNECTIONS - 3} of the {CONNECTIONS} connections")

    def test_pgbouncer_in_transaction_mode_is_refused(self):
        url = self.pooler("transaction").url(self.database)
        self.assert_one_line(self.serve(url), "pool_mode = session")
        self.assert_one_line(self.refusal("store", "migrate", "--store", url), "pool_mode = session")
        source = f"sqlite:{self.directory}/some.db"
        pathlib.Path(source.removeprefix("sqlite:")).touch()
        self.assert_one_line(self.refusal("store", "copy", "--from", source, "--to", url), "pool_mode = session")

    def test_pgbouncer_in_statement_mode_is_refused(self):
        self.assert_one_line(self.serve(self.pooler("statement").url(self.database)), "pool_mode = session")

    def test_pgbouncer_that_has_many_sessions_already_and_takes_turns_is_refused(self):
        pooler = self.pooler("transaction", server_round_robin=1)
        clients = [pooler.psql("SELECT pg_sleep(1)", self.database) for _ in range(2 * CONNECTIONS)]
        for client in clients:
            self.assertEqual(client.wait(), 0)
        self.assert_one_line(self.serve(pooler.url(self.database)), "pool_mode = session")


class Limits(Processes):
    def test_fewer_connections_than_a_process_needs_are_refused_with_how_many_there_were(self):
        for limit in (f"ROLE {self.server.role}", f'DATABASE "{self.database}"'):
            with self.subTest(limit):
                self.server.psql(f"ALTER {limit} CONNECTION LIMIT {CONNECTIONS - 1}")
                try:
                    self.assert_one_line(self.serve(self.url), f"{CONNECTIONS - 1} of the {CONNECTIONS} connections",
                                         "CONNECTION LIMIT")
                finally:
                    self.server.psql(f"ALTER {limit} CONNECTION LIMIT -1")
        self.assert_works(self.process("one"))

    def test_a_process_opens_as_many_connections_as_it_says_that_it_needs(self):
        self.process("one")
        count = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self.database}' AND usename <> 'postgres'"
        self.assertEqual(int(self.psql(count)), CONNECTIONS)

    def test_a_postgresql_database_that_takes_no_writes_is_refused_at_the_start(self):
        self.psql(f'ALTER DATABASE "{self.database}" SET default_transaction_read_only = on')
        self.assert_one_line(self.serve(self.url), "read-only.*default_transaction_read_only")
        self.assert_one_line(self.serve(self.url + "?target_session_attrs=any"), "default_transaction_read_only")


class Roles(Processes):
    def test_a_role_with_rights_to_rows_alone_runs_on_what_the_owner_has_made(self):
        server = self.server
        server.psql("CREATE ROLE rows_only LOGIN PASSWORD 'rows'; ALTER ROLE rows_only SET search_path = hooks")
        self.addCleanup(lambda: server.psql("DROP OWNED BY rows_only; DROP ROLE rows_only", self.database))
        self.psql(f"CREATE SCHEMA hooks AUTHORIZATION {server.role}; GRANT USAGE ON SCHEMA hooks TO rows_only")
        url = server.url(self.database, password="rows", role="rows_only")
        self.assert_one_line(self.serve(url), "rows_only", "store migrate")
        owner = self.url + "?options=-csearch_path%3Dhooks"
        done = subprocess.run([BINARY, "store", "migrate", "--store", owner, "--days", "5"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"schema \d+, partitions up to \d{4}-\d\d-\d\d")
        self.psql("""GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA hooks TO rows_only;
                     GRANT USAGE ON ALL SEQUENCES IN SCHEMA hooks TO rows_only""")
        process = self.process("one", store=url)
        self.assert_works(process)
        self.assertNotIn("store migrate", process.log_text())
        self.assertEqual(self.psql("SELECT count(*) FROM hooks.attempt_default"), "0")
        # The owner may do so while services run, and again.
        subprocess.run([BINARY, "store", "migrate", "--store", owner], check=True, capture_output=True)
        self.assert_works(process)

    def test_tables_of_another_program_in_the_schema_are_told_by_name(self):
        self.psql("CREATE TABLE session (id int)")
        self.assert_one_line(self.serve(self.url), '"session"', "CREATE SCHEMA")

    def test_a_password_that_is_not_percent_encoded_is_refused_without_a_word_of_it(self):
        for password in ("p@ssw0rd", "p/ssw0rd", "p?ssw0rd", "p#ssw0rd", "p%ssw0rd"):
            store = f"postgres://u:{password}@127.0.0.1:{self.server.port}/{self.database}"
            with self.subTest(password):
                for refusal in (self.serve(store), self.refusal("serve", environment={"WEBHOOK_SVC_STORE": store}),
                                self.refusal("store", "copy", "--from", store, "--to", self.url),
                                self.refusal("store", "migrate", "--store", store)):
                    self.assert_one_line(refusal, "percent-encoded")
                    self.assertNotIn("ssw0rd", refusal[1])


class Standbys(Processes):
    def test_a_postgresql_standby_is_refused_as_a_store(self):
        primary = PostgreSQL()
        self.addCleanup(primary.stop)
        standby = Standby(primary, synchronous=False)
        self.addCleanup(standby.stop)
        url = standby.url("postgres")
        self.assert_one_line(self.serve(url), "read-only.*name the primary")
        self.assert_one_line(self.serve(url + "?target_session_attrs=any"), "standby")

    def test_a_synchronous_standby_that_is_away_leaves_no_connections_behind(self):
        server = PostgreSQL()
        self.addCleanup(server.stop)
        url = server.create_database("hooks")
        pooler = PgBouncer(server, "session")
        self.addCleanup(pooler.stop)
        self.assertIsNotNone(wait_until(lambda: pooler.psql("SELECT 1", "hooks").wait() == 0))
        processes = [self.process("direct", store=url), self.process("pooled", store=pooler.url("hooks"))]
        processes[0].save(self.receiver().url, ["contact.created"])
        server.psql("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
        server.psql("SELECT pg_reload_conf()")

        def is_taken(process):
            # A call that waits behind another one that is given up on may take longer than its caller waits.
            with contextlib.suppress(TimeoutError):
                return process.is_taken("contact.created", 1)
            return False

        # One after the other in each process, on a connection of its own.
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            taken = list(pool.map(lambda process: [is_taken(process) for _ in range(3)], processes))
        self.assertEqual(taken, [[False] * 3] * 2)
        # A call is given up on after 17 s.
        left = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND now() - state_change > '22 s'"
        self.assertEqual(server.psql(left), "0")
        server.psql("ALTER SYSTEM RESET ALL")
        server.psql("SELECT pg_reload_conf()")
        for process in processes:
            self.assertIsNotNone(wait_until(lambda: is_taken(process), 60))


if __name__ == "__main__":
    unittest.main()
