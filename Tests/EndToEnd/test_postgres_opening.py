"""How a process opens a PostgreSQL database: together with others, by every kind of location, and over TLS."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import time
import unittest
import unittest.mock

from certificates import Certificate
from postgres_processes import Processes, setUpModule  # setUpModule is unittest's.
from service import Service, free_port, report


class OpeningTests(Processes):
    def test_processes_that_start_together_on_an_empty_database_make_its_schema_once(self):
        processes = [self.process(f"process{number}", start=False) for number in range(6)]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            seconds = list(pool.map(Service.start, processes))
        self.assert_works(*processes)
        versions = self.psql("SELECT version FROM webhook_svc_schema").splitlines()
        self.assertEqual(len(versions), len(set(versions)))
        report(f"six processes were up within {max(seconds):.2f} s")

    def test_a_process_that_dies_at_any_moment_of_its_start_leaves_a_database_that_opens(self):
        for number in range(12):
            process = self.process(f"process{number}", start=False)
            process.process = subprocess.Popen(process.arguments, stdout=process.log, stderr=process.log)
            time.sleep(number * 0.02)
            process.kill()
        self.assert_works(self.process("last"))

    def test_a_postgresql_schema_newer_than_the_binary_is_refused(self):
        one = self.process("one")
        one.save("http://127.0.0.1:9/", ["kept"])
        self.psql("INSERT INTO webhook_svc_schema (version, runs_with) VALUES (9999, 9999)")
        for _ in range(2):
            self.assert_one_line(self.serve(self.url), "schema .*9999.*newer")
        source = f"{self.directory}/some.db"
        copying = ("store", "copy", "--from", f"sqlite:{source}", "--to", self.url)
        self.assert_one_line(self.refusal(*copying), "there is no such file")
        pathlib.Path(source).touch()
        self.assert_one_line(self.refusal(*copying), "schema .*9999.*newer")
        # Who had the database open before goes on.
        self.assertIn("kept", one.call("<GetAllWebhooks/>")[1])
        self.psql("DELETE FROM webhook_svc_schema WHERE version = 9999")
        self.assert_works(self.process("two"))

    def test_what_does_not_lead_to_a_database_is_told_in_one_line_without_the_password(self):
        wrong, host = "wr0ng-s3cret", f"127.0.0.1:{self.server.port}/{self.database}"
        self.server.psql(f"CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0 OWNER {self.server.role}")
        self.server.psql("CREATE DATABASE others")
        nobody = free_port()
        stores = {
            self.server.url(self.database, password=wrong): "password authentication failed",
            f"{self.server.url(self.database, password=wrong)}?application_name=x": "password authentication failed",
            self.server.url(self.database, password=wrong, role="nobody"): "authentication failed",
            f"postgres://{self.server.role}@{host}?password={wrong}": "password authentication failed",
            f"postgres:host=127.0.0.1 port={self.server.port} user={self.server.role} password='{wrong}' dbname={self.database}":
                "password authentication failed",
            f"postgres://{self.server.role}@{host}": "no password supplied",
            self.server.url("missing"): 'database "missing" does not exist',
            self.server.url(self.database, port=nobody): f"port {nobody} failed: Connection refused",
            f"postgres://u:{wrong}@nowhere.invalid/db": "nowhere.invalid",
            f"postgres://u:{wrong}@[127.0.0.1/db": "libpq|store",
            f"postgres://u:{wrong}@127.0.0.1:port/db": "libpq|store|port",
            f"{self.server.url(self.database)}?colour=red": "libpq|colour",
            f"{self.server.url(self.database)}?sslmode=maybe": "sslmode",
            f"{self.server.url(self.database)}?sslmode=require": "SSL",
            self.server.url("latin"): "UTF8",
            self.server.url("others"): "permission denied",
            f"postgresql+asyncpg://u:{wrong}@127.0.0.1/db": "store",
            f"mysql://u:{wrong}@127.0.0.1/db": "store",
            "postgres:": "store",
        }
        target = self.server.url(self.database, password=wrong)
        source = f"{self.directory}/some.db"
        pathlib.Path(source).touch()
        with concurrent.futures.ThreadPoolExecutor(len(stores) + 1) as pool:
            copying = pool.submit(self.refusal, "store", "copy", "--from", f"sqlite:{source}", "--to", target)
            begun = time.monotonic()
            refusals = list(pool.map(self.serve, stores))
            seconds = time.monotonic() - begun
        for (store, text), refusal in [*zip(stores.items(), refusals),
                                       ((target, "password authentication failed"), copying.result())]:
            with self.subTest(store):
                self.assert_one_line(refusal, text)
                for secret in (wrong, self.server.password, self.server.url("").split(":")[2].split("@")[0]):
                    self.assertNotIn(secret, refusal[1])
        report(f"all {len(stores)} had ended after {seconds:.1f} s")

    def test_a_postgresql_location_means_what_it_means_to_libpq(self):
        directory = pathlib.Path(self.directory)
        server_of = {"host": "127.0.0.1", "port": self.server.port, "dbname": self.database, "user": self.server.role}
        (directory / "service.conf").write_text(
            "[webhooks]\n" + "".join(f"{name}={value}\n" for name, value in server_of.items()))
        quoted = re.sub(r"([\\:])", r"\\\1", self.server.password)
        (directory / "passwords").write_text(f"127.0.0.1:{self.server.port}:*:{self.server.role}:{quoted}\n")
        (directory / "passwords").chmod(0o600)
        files = {"PGSERVICEFILE": f"{directory}/service.conf", "PGPASSFILE": f"{directory}/passwords"}
        cases = {
            "postgres://?service=webhooks": files,
            "postgres:service=webhooks": files,
            f"postgres://{self.server.role}@127.0.0.1:{self.server.port}/{self.database}": files,
            f"postgresql://127.0.0.1/{self.database}":
                {"PGPORT": str(self.server.port), "PGUSER": self.server.role, "PGPASSWORD": self.server.password},
            f"postgres:///{self.database}?host={self.server.directory}&port={self.server.port}&user={self.server.role}": {},
            # Not the first, but the first that takes writes.
            self.server.url(self.database).replace("@", f"@127.0.0.1:{free_port()},"): {},
        }
        for number, (store, environment) in enumerate(cases.items()):
            with self.subTest(store), unittest.mock.patch.dict(os.environ, environment):
                process = self.process(f"process{number}", store=store)
                self.assert_works(process)
                self.assertNotIn(self.server.password, process.log_text())
                self.assertIn("listening", process.log_text())
                process.kill()

    def test_connections_to_postgresql_use_and_verify_tls_as_the_location_says(self):
        trusted, other = Certificate(self.server.directory, "trusted"), Certificate(self.directory, "other")
        if os.geteuid() == 0:
            shutil.chown(trusted.key, "postgres")
        os.chmod(trusted.key, 0o600)
        os.chmod(trusted.certificate, 0o644)
        self.server.psql(f"ALTER SYSTEM SET ssl_cert_file = '{trusted.certificate}'")
        self.server.psql(f"ALTER SYSTEM SET ssl_key_file = '{trusted.key}'")
        self.server.psql("ALTER SYSTEM SET ssl = on")
        self.server.psql("SELECT pg_reload_conf()")
        self.addCleanup(lambda: (self.server.psql("ALTER SYSTEM RESET ALL"), self.server.psql("SELECT pg_reload_conf()")))
        verified = f"{self.url}?sslmode=verify-full&sslrootcert="
        one = self.process("one", store=verified + trusted.certificate)
        self.assert_works(one)
        connections = self.psql("SELECT bool_and(ssl), count(*) > 2 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                                f"WHERE usename = '{self.server.role}'")
        self.assertEqual(connections, "t|t")
        refusal = self.serve(verified + other.certificate)
        self.assert_one_line(refusal, "certificate verify failed")
        self.assertNotIn(self.server.password, refusal[1])


if __name__ == "__main__":
    unittest.main()
