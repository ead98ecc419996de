"""Holds the Swift code to its bounds: sizes of targets and files, and imports that the architecture page allows."""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from pages import ROOT, repository_files, target_table  # noqa: E402

TARGET_LINES = 2500
FILE_LINES = 300
# The folders of targets that are not in Sources.
FOLDERS = {"WSDL": "WSDL", "sample-receiver": "Tests/Interop/receivers/swift",
           "measured-operations": "Benchmarks/MeasuredOperations", "TestSupport": "Tests/TestSupport",
           "StoreConformance": "Tests/StoreConformance", "PostgreSQLTestSupport": "Tests/PostgreSQLTestSupport"}
# The modules that every target may import, as the architecture page says.
EVERYWHERE = {"Dispatch", "Foundation", "FoundationEssentials", "Synchronization"}
IMPORT = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:package|public|internal|fileprivate|private)\s+)?"
                    r"import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)", re.M)


def folder(target):
    return FOLDERS.get(target, f"Sources/{target}")


def swift_files(folder):
    return [path for path in repository_files() if path.suffix == ".swift" and path.is_relative_to(ROOT / folder)]


def line_count(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def imported(text):
    """The modules that a Swift file imports."""
    return IMPORT.findall(text)


class SizeTests(unittest.TestCase):
    maxDiff = None

    def test_no_target_outside_of_tests_has_more_than_2500_lines(self):
        sizes = {target: sum(line_count(path) for path in swift_files(folder(target)))
                 for target in target_table() if not folder(target).startswith("Tests/")}
        self.assertGreater(sum(sizes.values()), 10_000)
        self.assertEqual({target: lines for target, lines in sizes.items() if lines > TARGET_LINES}, {})

    def test_no_swift_file_has_more_than_300_lines(self):
        sizes = {str(path.relative_to(ROOT)): line_count(path)
                 for folder in ("Sources", "Tests", "Benchmarks") for path in swift_files(folder)}
        self.assertGreater(len(sizes), 100)
        self.assertEqual({name: lines for name, lines in sizes.items() if lines > FILE_LINES}, {})


class ImportTests(unittest.TestCase):
    maxDiff = None

    def test_every_folder_of_sources_is_a_row_of_the_page(self):
        folders = {path.name for path in (ROOT / "Sources").iterdir() if path.is_dir()}
        self.assertEqual(folders | set(FOLDERS), set(target_table()))

    def test_targets_import_only_what_their_rows_allow(self):
        found, wrong = 0, []
        for target, (own, packages) in target_table().items():
            allowed = EVERYWHERE | set(own) | set(packages)
            if folder(target).startswith("Tests/"):
                allowed.add("Testing")
            for path in swift_files(folder(target)):
                for module in imported(path.read_text(encoding="utf-8")):
                    found += 1
                    if module not in allowed:
                        wrong.append(f"{path.relative_to(ROOT)}: {module}")
        self.assertGreater(found, 100)
        self.assertEqual(wrong, [])

    def test_every_form_of_an_import_is_found(self):
        text = ("import AgentCore\npackage import XML\n@testable import JSON\n@preconcurrency internal import Text\n"
                "import struct Foundation.Date\n#if canImport(Glibc)\n    import Glibc\n#endif\n"
                "// import Nothing\n/// An import of nothing.\nlet text = \"import Nothing\"\n")
        self.assertEqual(imported(text), ["AgentCore", "XML", "JSON", "Text", "Foundation", "Glibc"])


if __name__ == "__main__":
    unittest.main()
