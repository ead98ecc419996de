"""Reads the repository's Markdown pages: their links, their anchors, and their fenced blocks."""
import dataclasses
import functools
import os
import pathlib
import re
import unicodedata
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
IDENTIFIER = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)")
CODE = re.compile(r"(`+)(?!`)(.*?)(?<!`)\1(?!`)")
# What a code span that names a file or folder of the repository begins with.
TOP = re.compile(r"(?:Sources|Tests|Fixtures|Benchmarks|WSDL|docs|\.ci)/")


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    line: int
    language: str
    words: tuple
    text: str


@dataclasses.dataclass(frozen=True)
class Page:
    """A Markdown file of the repository."""

    path: pathlib.Path

    @property
    def name(self):
        return str(self.path.relative_to(ROOT))

    @functools.cached_property
    def lines(self):
        return self.path.read_text(encoding="utf-8").splitlines()

    @functools.cached_property
    def _parts(self):
        """The numbered lines outside of fenced blocks, and the blocks."""
        prose, blocks, opened, body = [], [], None, []
        for number, line in enumerate(self.lines, 1):
            fence = FENCE.match(line)
            if opened is None and fence:
                opened = (number, fence.group(1), fence.group(2).split())
            elif opened and fence and fence.group(1).startswith(opened[1]) and not fence.group(2).strip():
                language, *words = opened[2] or [""]
                blocks.append(Block(opened[0], language, tuple(words), "\n".join(body) + "\n"))
                opened, body = None, []
            elif opened:
                body.append(line)
            else:
                prose.append((number, line))
        if opened:
            raise AssertionError(f"{self.name}:{opened[0]}: the block is not closed")
        return prose, blocks

    @property
    def prose(self):
        return self._parts[0]

    @property
    def blocks(self):
        return self._parts[1]

    @property
    def links(self):
        """The numbers of lines, and what is linked there."""
        for number, line in self.prose:
            text = CODE.sub("", line)
            for match in [*LINK.finditer(text), *DEFINITION.finditer(text)]:
                yield number, match.group(1)

    @property
    def paths(self):
        """The numbers of lines, and the paths of the repository that code spans name there; patterns are left out."""
        for number, line in self.prose:
            for match in CODE.finditer(line):
                name = match.group(2).strip()
                if TOP.match(name) and re.fullmatch(r"[\w./+-]+", name):
                    yield number, name

    @functools.cached_property
    def anchors(self):
        """What a link's fragment may name: the headings, as GitHub names them, and explicit anchors."""
        found, seen = set(), {}
        for _, line in self.prose:
            found.update(IDENTIFIER.findall(line))
            heading = HEADING.match(line)
            if heading:
                anchor = heading_anchor(heading.group(2))
                count = seen.get(anchor, 0)
                seen[anchor] = count + 1
                found.add(anchor if count == 0 else f"{anchor}-{count}")
        return found


def heading_anchor(heading):
    """The anchor that GitHub gives to a heading."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"[`*]", "", text).lower()
    kept = (c for c in text if c in " -_" or unicodedata.category(c)[0] in "LN" or unicodedata.category(c) == "Mn")
    return "".join(kept).replace(" ", "-")


@functools.lru_cache
def repository_files():
    """The paths of the files of the working tree, without those that builds make."""
    found = []
    for directory, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        found += [pathlib.Path(directory) / name for name in sorted(names) if not name.startswith(".")]
    return found


def target_table():
    """The rows of the architecture page's table of targets: the modules of this package and of others that each may import."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = {}
    for line in page.split("<!-- targets: begin -->")[1].split("<!-- targets: end -->")[0].strip().splitlines()[2:]:
        name, _, own, packages = [cell.strip() for cell in line.strip("|").split("|")]
        rows[name.strip("`")] = tuple(sorted(re.findall(r"`([^`]+)`", cell)) for cell in (own, packages))
    return rows


def all_pages():
    return [Page(path) for path in repository_files() if path.suffix == ".md"]


def broken_links(pages):
    """A line for each relative link that leads nowhere."""
    problems = []
    for page in pages:
        for number, target in page.links:
            problem = link_problem(page, target)
            if problem:
                problems.append(f"{page.name}:{number}: {target}: {problem}")
    return problems


def link_problem(page, target):
    """What is wrong with a link, None when it is right or leads out of the repository."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", target) or target.startswith("//"):
        return None
    path, _, fragment = urllib.parse.unquote(target).partition("#")
    if path.startswith("/"):
        return "it is not relative"
    file = (page.path.parent / path).resolve() if path else page.path
    if not file.is_relative_to(ROOT) or not file.exists():
        return "there is no such file"
    if fragment:
        if file.suffix != ".md":
            return "only Markdown files have anchors"
        if fragment not in Page(file).anchors:
            return f"{file.relative_to(ROOT)} has no such anchor"
    return None
