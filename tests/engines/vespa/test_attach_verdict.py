"""Vespa's own config model accepts what `lastly attach vespa` writes, and refuses what is wrong."""

from pathlib import Path

import pytest

from lastly_integrations.vespa.package import Package
from tests.kit.vespa.container import Java
from tests.kit.vespa.packages import CONFIG, contents, detach, edited


def test_vespa_s_own_model_accepts_the_example_before_and_after(package: Path, java: Java, bundle: bytes) -> None:
    assert java.validate(package)[0], java.validate(package)[1]
    wired = Package(package)
    wired.write(wired.attach(CONFIG, (), bundle))
    accepted, said = java.validate(package)
    assert accepted, said
    assert "com.lastly.vespa.rerank.def" not in said, "the bundle's config definition is not found"


def test_marked_up_fields_give_their_plain_text(package: Path, java: Java, bundle: bytes) -> None:
    edited(package, "schemas/article.sd", "field title type string {", "field title type string {\n bolding: on\n")
    wired = Package(package)
    wired.write(wired.attach(CONFIG, (), bundle))
    assert "<item>lastly_title</item>" in (package / "services.xml").read_text()
    accepted, said = java.validate(package)
    assert accepted, said


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("services.xml", "<enabled>true</enabled>", "<enabled>perhaps</enabled>"),
        ("services.xml", "<enabled>true</enabled>", "<windoww>3</windoww>"),
        ("schemas/article.sd", "summary text {}", "summary nosuch {}"),
        ("search/query-profiles/fast.xml", ">20<", ">many<"),
    ],
)
def test_vespa_s_own_model_refuses_what_is_wrong(
    package: Path, java: Java, bundle: bytes, file: str, old: str, new: str
) -> None:
    wired = Package(package)
    wired.write(wired.attach(CONFIG, (), bundle))
    edited(package, file, old, new)
    assert not java.validate(package)[0]


def test_a_package_made_by_pyvespa_is_attached_and_accepted(tmp_path: Path, java: Java, bundle: bytes) -> None:
    vespa = pytest.importorskip("vespa.package", reason="pyvespa is not installed (pip install pyvespa)")
    made = vespa.ApplicationPackage(
        name="shop",
        schema=[
            vespa.Schema(
                name="shop",
                document=vespa.Document(
                    fields=[
                        vespa.Field(name="title", type="string", indexing=["index", "summary"], index="enable-bm25"),
                        vespa.Field(name="text", type="string", indexing=["index", "summary"], index="enable-bm25"),
                    ]
                ),
                rank_profiles=[vespa.RankProfile(name="bm25", first_phase="bm25(title) + bm25(text)")],
            )
        ],
    )
    folder = tmp_path / "shop"
    folder.mkdir()
    made.to_files(str(folder))
    before = contents(folder)
    wired = Package(folder)
    wired.write(wired.attach(CONFIG, (), bundle))
    accepted, said = java.validate(folder)
    assert accepted, said
    detach(folder)
    assert contents(folder) == before
