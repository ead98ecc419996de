"""Holds the pages to what they say: links lead somewhere, commands run, and cited sections exist.

A fenced block says in its info string whether it is run against the release binary:

- `sh runnable`: it runs to its end, with exit code 0;
- `sh running`: it is started, says that it listens, and runs until the page is over.

The blocks of a page are run in order, by one shell, in an empty directory in which `.build/release/webhook-svc` is the binary
and `Fixtures` are the repository's. Ports are replaced by free ones, so that a service of the machine is not in the way.
"""
import fnmatch
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))
from pages import (  # noqa: E402
    ROOT, Block, Page, all_pages, broken_links, heading_anchor, link_problem, repository_files, target_table)
from service import BINARY, free_port  # noqa: E402

MARKERS = {"runnable", "running"}
# What the commands of the pages listen on, and the settings that make a service of theirs listen elsewhere.
ADDRESSES = {"127.0.0.1:8087": "WEBHOOK_SVC_LISTEN", "127.0.0.1:9000": None}
CITATION = re.compile(r"\bcontract(?:'s)?,? \(?sections? \d+", re.I)
PAGE_CITATION = re.compile(r"\bdocs/[\w/-]+\.md(?:#[\w-]+)?")
CITING = {".swift", ".py", ".md", ".sh", ".c", ".h", ".toml"}


class LinkTests(unittest.TestCase):
    def test_every_relative_link_and_anchor_leads_somewhere(self):
        pages = all_pages()
        self.assertIn("README.md", [page.name for page in pages])
        self.assertEqual(broken_links(pages), [])

    def test_a_broken_link_is_found(self):
        """So that the test above cannot pass because it looks at nothing."""
        with tempfile.TemporaryDirectory(dir=ROOT / "docs") as directory:
            path = pathlib.Path(directory) / "page.md"
            path.write_text("# A `code` heading\n\n[good](#a-code-heading) [file](../glossary.md#lease)\n"
                            "[bad](#nothing) [gone](nothing.md)\n[anchor](../glossary.md#no-such-word)\n"
                            "`[code](nothing.md)`\n\n```\n[block](nothing.md)\n```\n")
            problems = [problem.split(": ", 1)[1] for problem in broken_links([Page(path)])]
            self.assertEqual([problem.split(":")[0] for problem in problems],
                             ["#nothing", "nothing.md", "../glossary.md#no-such-word"])

    def test_headings_have_the_anchors_that_github_gives_them(self):
        self.assertEqual(heading_anchor("2. Envelopes that must be accepted"), "2-envelopes-that-must-be-accepted")
        self.assertEqual(heading_anchor("Failures that are not the target's"), "failures-that-are-not-the-targets")
        self.assertEqual(heading_anchor("`conform` and [a link](x.md)"), "conform-and-a-link")


    def test_paths_in_code_spans_exist(self):
        # The changelog tells of what was.
        wrong = [f"{page.name}:{number}: {path}" for page in all_pages() if page.name != "CHANGELOG.md"
                 for number, path in page.paths if not (ROOT / path).exists()]
        self.assertEqual(wrong, [])

    def test_pages_that_code_names_exist(self):
        """Comments, error texts and help name pages by their paths, with an anchor or without."""
        cited, wrong = 0, []
        for path in repository_files():
            if path.suffix not in CITING - {".md"} or path.is_relative_to(ROOT / "Tests" / "Documentation"):
                continue
            for target in PAGE_CITATION.findall(path.read_text(encoding="utf-8", errors="replace")):
                cited += 1
                problem = link_problem(Page(ROOT / "README.md"), target)
                if problem:
                    wrong.append(f"{path.relative_to(ROOT)}: {target}: {problem}")
        self.assertGreater(cited, 0)
        self.assertEqual(wrong, [])


class ReadmeTests(unittest.TestCase):
    def test_the_readme_has_at_most_130_lines(self):
        self.assertLessEqual(len(Page(ROOT / "README.md").lines), 130)

    def test_every_page_can_be_reached_from_the_readme(self):
        reached, waiting = set(), [ROOT / "README.md"]
        while waiting:
            path = waiting.pop()
            if path in reached or path.suffix != ".md" or not path.is_file():
                continue
            reached.add(path)
            for _, target in Page(path).links:
                name = target.partition("#")[0]
                if name and ":" not in name:
                    waiting.append((path.parent / name).resolve())
        self.assertEqual([page.name for page in all_pages() if page.path not in reached], [])


class ContractTests(unittest.TestCase):
    def test_code_cites_the_contract_by_path_and_anchor(self):
        """So that a reader can follow the citation, and the test of the pages that code names can check it."""
        cited, wrong = 0, []
        for path in repository_files():
            if path.suffix not in CITING or path.is_relative_to(ROOT / "Tests" / "Documentation"):
                continue
            # A comment may break a citation at the end of a line.
            text = re.sub(r"\s*\n\s*(?:///?|\*|#)?\s*", " ", path.read_text(encoding="utf-8", errors="replace"))
            cited += text.count("docs/contract.md#section-")
            wrong += [f"{path.relative_to(ROOT)}: {match.group()}" for match in CITATION.finditer(text)]
        self.assertGreater(cited, 50)
        self.assertEqual(wrong, [])

    def test_the_sections_are_numbered_from_1_in_order(self):
        headings = [line for _, line in Page(ROOT / "docs" / "contract.md").prose if re.match(r"## \d", line)]
        numbers = [int(re.match(r"## (\d+)\. ", heading).group(1)) for heading in headings]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))


class ArchitectureTests(unittest.TestCase):
    def test_every_type_that_the_page_names_is_declared(self):
        declaration = re.compile(r"\b(?:struct|class|enum|actor|protocol|typealias|case) (\w+)")
        declared = set()
        for path in repository_files():
            if path.suffix == ".swift" and not path.is_relative_to(ROOT / "Benchmarks"):
                declared.update(declaration.findall(path.read_text(encoding="utf-8")))
        targets = {path.name for folder in ("Sources", "Tests") for path in (ROOT / folder).iterdir()}
        named, wrong = 0, []
        for number, line in Page(ROOT / "docs" / "architecture.md").prose:
            if line.startswith("|"):
                continue
            for name in re.findall(r"`([A-Z][a-z]\w*|[A-Z]{2,}[a-z]\w*)`", line):
                named += 1
                if name not in declared | targets:
                    wrong.append(f"docs/architecture.md:{number}: {name}")
        self.assertGreater(named, 30)
        self.assertEqual(wrong, [])


    def test_the_table_of_targets_is_that_of_the_package(self):
        """With the build's own check of imports, the table says what each target may import."""
        run = subprocess.run(["swift", "package", "dump-package"], cwd=ROOT, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        package = json.loads(run.stdout)
        names = {target["name"] for target in package["targets"]}
        expected = {}
        for target in package["targets"]:
            if target["type"] == "test":
                continue
            depends = [next(iter(dependency.values()))[0] for dependency in target["dependencies"]]
            expected[target["name"]] = (sorted(d for d in depends if d in names), sorted(set(depends) - names))
        self.assertEqual(target_table(), expected)


class FidelityTests(unittest.TestCase):
    def test_every_scenario_and_suite_that_it_names_exists(self):
        manifest = json.loads((ROOT / "Fixtures" / "manifest.json").read_text(encoding="utf-8"))
        scenarios = [scenario["name"] for scenario in manifest["scenarios"]]
        suites = {path.stem for path in repository_files() if path.is_relative_to(ROOT / "Tests")}
        suites |= {part for path in repository_files() if path.is_relative_to(ROOT / "Tests") for part in path.parts}
        rows, wrong = 0, []
        for number, line in Page(ROOT / "docs" / "fidelity.md").prose:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not line.startswith("|") or len(cells) != 3 or not cells[2] or cells[2] in {"tested by", "---"}:
                continue
            rows += 1
            for pattern in re.findall(r"`([^`]+)`", cells[2]):
                if not fnmatch.filter(scenarios, pattern):
                    wrong.append(f"docs/fidelity.md:{number}: no scenario {pattern}")
            for suite in re.findall(r"\b[A-Z]\w+", re.sub(r"`[^`]+`", "", cells[2])):
                if suite not in suites:
                    wrong.append(f"docs/fidelity.md:{number}: no suite {suite}")
        self.assertGreater(rows, 60)
        self.assertEqual(wrong, [])


class CommandTests(unittest.TestCase):
    """The commands of the pages, as a reader would give them."""

    def setUp(self):
        self.assertTrue(os.access(BINARY, os.X_OK), f"{BINARY} is missing: swift build -c release")

    def test_markers_are_spelled_right(self):
        wrong = [f"{page.name}:{block.line}" for page in all_pages() for block in page.blocks
                 if block.words and (block.language != "sh" or block.words[0] not in MARKERS or len(block.words) > 1)]
        self.assertEqual(wrong, [])

    def test_commands_that_are_marked_as_runnable_run(self):
        pages = [page for page in all_pages() if any(block.words for block in page.blocks)]
        self.assertIn("README.md", [page.name for page in pages])
        for page in pages:
            with self.subTest(page=page.name):
                code, output = run_blocks([block for block in page.blocks if block.words])
                self.assertEqual(code, 0, f"{page.name}\n{output}")
                if page.name == "README.md":
                    # The tour: the test event and the notification.
                    self.assertEqual(output.count("signature right"), 2, output)

    def test_a_command_that_fails_is_found(self):
        code, output = run_blocks([Block(7, "sh", ("runnable",), "echo before\nfalse\necho after\n")])
        self.assertNotEqual(code, 0)
        self.assertIn("before", output)
        self.assertNotIn("after", output)


def run_blocks(blocks):
    """Runs blocks in order, in a directory of their own. Returns the exit code, and what they and their services wrote."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="webhook-svc-pages."))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEBHOOK_SVC")}
    replacements = {}
    for address, variable in ADDRESSES.items():
        replacements[address] = f"127.0.0.1:{free_port()}"
        if variable:
            environment[variable] = replacements[address]
    try:
        (directory / ".build" / "release").mkdir(parents=True)
        (directory / ".build" / "release" / "webhook-svc").symlink_to(BINARY)
        (directory / "Fixtures").symlink_to(ROOT / "Fixtures")
        script = "".join(shell(index, block) for index, block in enumerate(blocks)) + "sleep 1\n"
        for address, replacement in replacements.items():
            script = script.replace(address, replacement)
        process = subprocess.Popen(
            ["bash", "-c", "set -euo pipefail\n" + script], cwd=directory, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            output, _ = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return -1, output + "\nThe commands did not end within five minutes."
        finally:
            stop_group(process.pid)
        written = "".join(f"--- {log.name}\n{log.read_text()}" for log in sorted(directory.glob("*.log")))
        return process.returncode, output + written
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def shell(index, block):
    """What the shell is told for a block."""
    if block.words[0] == "runnable":
        return f"echo '--- the block at line {block.line}'\n{block.text}"
    log = f"{index}.log"
    # A service runs in the background of the same shell, so that it has the functions and variables of earlier blocks.
    return (f"{{\n{block.text}}} >{log} 2>&1 &\n"
            f"for try in {{1..300}}; do grep -q listening {log} && break; kill -0 $! || {{ cat {log}; exit 70; }}; sleep 0.1; done\n"
            f"grep -q listening {log}\n")


def stop_group(group):
    try:
        os.killpg(group, signal.SIGTERM)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    unittest.main()
