"""The site: built without a network and without a warning, and it needs nothing from elsewhere."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from docs.generate import PAGES, generated
from tests.docs.pages import FOLDER, ROOT
from tests.tools import run

LOADING = {"audio", "embed", "iframe", "img", "input", "object", "script", "source", "track", "video"}
LOADING_LINKS = {"dns-prefetch", "icon", "manifest", "modulepreload", "preconnect", "prefetch", "preload", "stylesheet"}
NO_NETWORK = ["unshare", "--net", "--map-root-user"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_generated_parts_are_todays(page):
    text = page.read_text(encoding="utf-8")

    assert generated(text) == text, "run `make docs`"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every warning ends the build: of a link to no page, of an anchor that is not there, of a page in no menu."""
    folder = tmp_path_factory.mktemp("site")
    offline = NO_NETWORK if run([*NO_NETWORK, "true"]).returncode == 0 else []
    command = [*offline, sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = run([*command, "--config-file", "docs/site/mkdocs.yml"])
    assert built.returncode == 0, built.stderr
    assert "WARNING -" not in built.stderr
    return folder


class Loaded(HTMLParser):
    """What a browser loads for a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = dict(attributes)
        if tag in LOADING or (tag == "link" and LOADING_LINKS & set((told.get("rel") or "").split())):
            self.addresses += [address for name in ("src", "href", "data") if (address := told.get(name))]


def test_every_page_is_built(site):
    pages = {page.relative_to(site).name for page in site.glob("*.html")} - {"404.html"}

    assert pages == {f"{page.stem}.html" for page in FOLDER.glob("*.md")}


def test_nothing_but_pages_is_published(site):
    assert sorted(path.name for path in site.iterdir() if path.is_dir()) == ["assets", "search"]
    assert list(site.rglob("*.py")) == []


def test_no_page_loads_anything_from_elsewhere(site):
    loaded = {address for page in site.glob("*.html") for address in Loaded(page).addresses}

    assert loaded
    assert [address for address in loaded if re.match(r"(\w+:)?//", address)] == []
    # Pages load what they do not name, too: the style sheets' own.
    styles = "".join(style.read_text(encoding="utf-8") for style in site.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']*", styles) == []


def test_the_search_finds_what_the_pages_say(site):
    assert "compare-and-set" in (site / "search" / "search_index.json").read_text(encoding="utf-8")


def test_every_alert_has_its_section(site):
    rules = yaml.safe_load((ROOT / "deploy" / "monitoring" / "alerts.yaml").read_text(encoding="utf-8"))
    linked = [one["annotations"]["runbook"] for group in rules["spec"]["groups"] for one in group["rules"]]

    page = (site / "operate.html").read_text(encoding="utf-8")
    there = {f"docs/operate.md#{anchor}" for anchor in re.findall(r'<h3 id="([^"]+)"', page)}

    assert linked
    assert set(linked) <= there
