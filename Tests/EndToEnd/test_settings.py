"""Settings: wrong ones stop the start, and every flag is heeded."""
import re
import unittest

from service import ServiceTestCase, free_port, run


class SettingTests(ServiceTestCase):
    def test_wrong_settings_stop_the_start_with_one_line(self):
        for flags, text in [
            (["--listen", "nonsense"], "listen: 'nonsense' is not HOST:PORT"),
            (["--retry-delays", "soon"], "retry-delays: 'soon' is not durations"),
            (["--store", "redis://x"], "store: 'redis://x' is not sqlite:PATH, postgres://"),
            (["--dev", "--listen", "0.0.0.0:1"], "--allow-remote-dev"),
            (["--config", "/does/not/exist"], "config: the file '/does/not/exist' cannot be read"),
        ]:
            ran = run("serve", *flags, timeout=60)
            self.assertEqual(ran.returncode, 64, ran.stderr)
            self.assertIn(text, ran.stderr)
            self.assertEqual(len(ran.stderr.splitlines()), 1, ran.stderr)

    def test_a_deprecated_spelling_works_and_is_logged_with_the_new_one(self):
        service = self.service("--failure-limit", "0", "--installation", "onsite")
        lines = [line for line in service.log_text().splitlines() if "deprecated" in line]
        self.assertEqual(len(lines), 2, lines)
        for old, new in [("--failure-limit", "--disable-after-failures"), ("installation=onsite", "installation=on-site")]:
            self.assertTrue(any(f"deprecated={old} " in line and f"new={new} " in line for line in lines), lines)

    def test_every_setting_is_a_flag_that_is_heeded(self):
        help_text = run("serve", "--help").stdout
        listed = re.findall(r"^\| `(--[a-z-]+)", run("config", "reference").stdout, re.M)
        self.assertEqual(sorted(re.findall(r"^  (--[a-z-]+)", help_text, re.M)), sorted([*listed, "--config", "--version"]))
        flags = re.findall(r"^  (--[a-z-]+) <", help_text, re.M)
        self.assertGreater(len(flags), 25)
        for flag in flags:
            value = "file:/does/not/exist" if flag == "--admin-token" else "n/a"
            ran = run("serve", "--listen", f"127.0.0.1:{free_port()}", "--store", "memory:", flag, value, timeout=60)
            self.assertEqual(ran.returncode, 64, ran.stderr)
            # The first line names the setting. A usage after it may name every flag.
            self.assertRegex(ran.stderr.splitlines()[0],
                             rf"\A(webhook-svc: {flag.strip('-')}: |Error: The value 'n/a' is invalid for '{flag} )")


if __name__ == "__main__":
    unittest.main()
