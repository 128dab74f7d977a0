"""Pages that are short and plain, whose links lead somewhere, and a site that loads nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.site_pages import DOCS, ROOT, anchors, links, pages, sentences, words

NAMES = [str(page.relative_to(ROOT)) for page in pages()]
# What a browser that we would support never reaches in the theme's script: Mermaid where there is none yet, which
# docs/theme/main.html brings, and a stand-in for ResizeObserver where the browser has none.
NEVER_REACHED = {"https://unpkg.com/mermaid@11/dist/mermaid.min.js", "https://unpkg.com/resize-observer-polyfill"}


@pytest.mark.parametrize("name", NAMES)
def test_no_page_is_longer_than_150_lines(name: str) -> None:
    assert len((ROOT / name).read_text().splitlines()) <= 150


@pytest.mark.parametrize("name", NAMES)
def test_no_sentence_is_longer_than_30_words(name: str) -> None:
    found = [
        f"{name}:{line}: {words(one)} words: {one}"
        for line, one in sentences((ROOT / name).read_text())
        if words(one) > 30
    ]
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_each_link_inside_leads_to_a_page_and_a_heading_of_it(name: str) -> None:
    page = ROOT / name
    broken = []
    for line, address in links(page.read_text()):
        path, _, anchor = address.partition("#")
        if re.match(r"[a-z]+:", address):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(f"{name}:{line}: {address}")
    assert broken == []


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("docs/")])
def test_a_page_links_only_what_the_site_has(name: str) -> None:
    """What lies outside of docs/ is named in code, since it travels neither with the site nor with the package."""
    page = ROOT / name
    inside = [address for _, address in links(page.read_text()) if not re.match(r"[a-z]+:|#", address)]
    assert [one for one in inside if not (page.parent / one).resolve().is_relative_to(DOCS)] == []


def test_a_sentence_is_counted_without_code_and_cell_by_cell() -> None:
    text = "# One\n\nTwo `a b c` [three](x.md)\nfour. Five six: seven.\n\n```sh\nnot this\n```\n\n| a b | c |\n|---|---|\n| d | e |\n"
    assert [(line, words(one)) for line, one in sentences(text)] == [
        (1, 1), (3, 4), (3, 3), (10, 2), (10, 1), (12, 1), (12, 1),
    ]  # fmt: skip
    assert list(links(text)) == [(3, "x.md")]
    assert anchors("# A `b` c\n\n## A b: c\n\n## D\n") == {"a-b-c", "a-b-c_1", "d"}


class Loaded(HTMLParser):
    """What a browser asks for by itself to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "link" and given.get("rel") not in {"canonical", "prev", "next"}:
            self.addresses.append(given.get("href", ""))
        self.addresses += [given[one] for one in ("src", "srcset", "poster", "data") if one in given]
        self.addresses += re.findall(r"url\(([^)]*)\)", given.get("style", ""))


def addresses(file: Path) -> list[str]:
    text = file.read_text()
    if file.suffix == ".html":
        parser = Loaded()
        parser.feed(text)
        return parser.addresses
    if file.suffix == ".css":
        return re.findall(r"(?:url\(\s*|@import\s+)[\"']?([^\"')]+)", text)
    return re.findall(
        r"[\"'`]((?:https?:)?//[\w.-]+/[^\"'`\s]*\.(?:js|mjs|css|woff2?)|https?://unpkg[^\"'`]*)[\"'`]", text
    )


@pytest.mark.thorough
def test_the_site_is_built_strictly_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert built.returncode == 0, built.stderr
    files = [one for one in tmp_path.rglob("*") if one.suffix in {".html", ".css", ".js"}]
    assert len(files) > 20
    elsewhere = {one for file in files for one in addresses(file) if re.match(r"\s*(https?:)?//", one)}
    assert elsewhere - NEVER_REACHED == set()
    drawn = [one for one in tmp_path.glob("*.html") if 'class="mermaid"' in one.read_text()]
    assert drawn
    assert all("assets/mermaid.js" in addresses(page) for page in drawn)
    assert (tmp_path / "assets/mermaid.js").exists()


@pytest.mark.parametrize("name", ["comparison.md", "security.md"])
def test_each_claim_names_a_test_that_is_there(name: str) -> None:
    _, table = (DOCS / name).read_text().split("| shown by |\n", 1)
    _, *rows = table.partition("\n\n")[0].splitlines()
    shown = [re.findall(r"`(tests/[^`]+)`", row.split("|")[-2]) for row in rows]
    assert len(shown) >= 10
    assert all(shown)
    assert [path for paths in shown for path in paths if not (ROOT / path).exists()] == []
