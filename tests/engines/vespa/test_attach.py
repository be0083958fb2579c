"""What `lastly attach vespa` writes into a package, what it refuses, what detaching leaves."""

import re
import shutil
from pathlib import Path

import pytest

from lastly_integrations.vespa.errors import PackageError
from lastly_integrations.vespa.package import Package
from lastly_integrations.vespa.services import SearcherConfig
from tests.kit.vespa.packages import CONFIG, attach, contents, detach, edited

EXAMPLE = Path(__file__).parents[3] / "integrations" / "lastly_integrations" / "vespa" / "example"


def test_the_example_is_what_attaching_writes(package: Path) -> None:
    attach(package)
    (package / "components" / "lastly-vespa.jar").unlink()
    assert contents(package) == contents(EXAMPLE)


def test_attaching_twice_changes_nothing(package: Path) -> None:
    assert attach(package) == 3
    before = contents(package)
    assert attach(package) == 0
    assert contents(package) == before


def test_attaching_anew_replaces_what_was_written(package: Path) -> None:
    attach(package)
    attach(package, SearcherConfig(("text",), ("http://other:1",), (("window_size", "20"),)))
    text = (package / "services.xml").read_text()
    assert text.count("RerankSearcher") == 1
    assert "http://other:1" in text
    assert "<item>title</item>" not in text
    assert "<window_size>20</window_size>" in text


SERVICES = {
    "a chain of its own": '<search>\n      <chain id="default" inherits="vespa">\n      </chain>\n    </search>',
    "an empty chain": '<search>\n      <chain id="default" inherits="vespa"/>\n    </search>',
    "no chain": "<search>\n    </search>",
    "an empty search": "<search/>",
    "an empty search with attributes": '<search  timeout = "a>b" />',
    "all on one line": '<search><chain id="default" inherits="vespa"></chain></search>',
    "comments and other searchers": '<search>\n\t<!-- <chain id="default"/> -->\n'
    '\t<chain id="default" inherits="vespa">\n'
    '\t\t<searcher id="ü.Other" bundle="x"/> <!-- é -->\n\t</chain>\n\t</search>',
}


@pytest.mark.parametrize("search", SERVICES.values(), ids=SERVICES)
def test_detaching_leaves_the_package_as_it_was_to_the_byte(package: Path, search: str) -> None:
    services = package / "services.xml"
    text = services.read_text()
    start, end = text.index("<search>"), text.index("</search>") + len("</search>")
    services.write_text(text[:start] + search + text[end:])
    before = contents(package)
    attach(package)
    assert "RerankSearcher" in services.read_text()
    assert attach(package) == 0
    detach(package)
    assert contents(package) == before


@pytest.mark.parametrize(
    ("file", "old", "new", "config", "says"),
    [
        ("services.xml", "<search>", "<serch>", CONFIG, "not XML"),
        ("services.xml", "container id", "other id", CONFIG, "not XML"),
        ("schemas/article.sd", "schema article", "article", CONFIG, "holds no schema"),
        ("schemas/article.sd", "fieldset default {", "fieldset default {{", CONFIG, "never closed"),
        ("schemas/article.sd", "summary short", "summary lastly", CONFIG, "rename"),
        ("schemas/article.sd", "", "", SearcherConfig(("titel",), ("http://s",)), "no field titel"),
        ("schemas/article.sd", "", "", SearcherConfig(("length",), ("http://s",)), "is int"),
        ("schemas/article.sd", "", "", SearcherConfig(("embedding",), ("http://s",)), "tensor<float>(x[256])"),
        ("services.xml", "", "", SearcherConfig(("title",), ("http://s",), container="web"), "no container 'web'"),
    ],
)
def test_what_can_t_be_placed_is_refused_and_nothing_is_written(
    package: Path, file: str, old: str, new: str, config: SearcherConfig, says: str
) -> None:
    if old:
        edited(package, file, old, new)
    before = contents(package)
    with pytest.raises(PackageError, match=re.escape(says)):
        attach(package, config)
    assert contents(package) == before


def test_a_package_without_search_or_schema_or_services_is_refused(package: Path, tmp_path: Path) -> None:
    services = package / "services.xml"
    text = services.read_text()
    services.write_text(text[: text.index("<search>")] + text[text.index("</search>") + len("</search>") :])
    with pytest.raises(PackageError, match="<search"):
        attach(package)
    services.write_text(text)
    shutil.rmtree(package / "schemas")
    with pytest.raises(PackageError, match="no schema"):
        attach(package)
    with pytest.raises(PackageError, match=r"no services\.xml"):
        Package(tmp_path)


def test_two_containers_with_search_have_to_be_told_apart(package: Path) -> None:
    services = package / "services.xml"
    second = '<container id="second" version="1.0"><search/></container>\n  <content'
    services.write_text(services.read_text().replace("<content", second, 1))
    with pytest.raises(PackageError, match="default, second"):
        attach(package)
    attach(package, SearcherConfig(("title",), ("http://s",), container="second"))
    assert services.read_text().index("RerankSearcher") > services.read_text().index('id="second"')


def test_a_searcher_written_by_hand_is_left_to_its_author(package: Path) -> None:
    edited(
        package,
        "services.xml",
        'inherits="vespa">',
        'inherits="vespa"><searcher id="com.lastly.vespa.RerankSearcher"/>',
    )
    with pytest.raises(PackageError, match="already has"):
        attach(package)


def test_inherited_fields_count_and_a_second_schema_without_them_is_named(package: Path) -> None:
    (package / "schemas" / "letter.sd").write_text("schema letter {\n  document letter inherits article {\n  }\n}\n")
    attach(package)
    assert "document-summary lastly" in (package / "schemas" / "letter.sd").read_text()
    (package / "schemas" / "user.sd").write_text("schema user {\n  document user {\n  }\n}\n")
    with pytest.raises(PackageError, match="schema user has no field title"):
        attach(package)
    attach(package, schemas=("article", "letter"))
    assert "lastly" not in (package / "schemas" / "user.sd").read_text()
