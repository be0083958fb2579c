"""`lastly attach|detach|status vespa`: what is written, what is refused, what is left, that Vespa accepts it."""

import io
import json
import re
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lastly.cli import main
from lastly_integrations.vespa import cli, settings
from lastly_integrations.vespa.deploy import Deployment, deploy
from lastly_integrations.vespa.errors import DeployError, PackageError
from lastly_integrations.vespa.package import Package
from lastly_integrations.vespa.services import Wiring
from tests.kit.vespa.container import Java

EXAMPLE = Path(__file__).parents[3] / "integrations" / "lastly_integrations" / "vespa" / "example"
WIRING = Wiring(("title", "text"), ("http://127.0.0.1:8787",))
BUNDLE = b"PK the bundle"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def attach(folder: Path, wiring: Wiring = WIRING, schemas: tuple[str, ...] = ()) -> int:
    package = Package(folder)
    changes = package.attach(wiring, schemas, BUNDLE)
    package.write(changes)
    return len(changes)


def detach(folder: Path) -> None:
    package = Package(folder)
    package.write(package.detach())


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
    attach(package, Wiring(("text",), ("http://other:1",), (("window_size", "20"),)))
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


def edited(package: Path, file: str, old: str, new: str) -> None:
    text = (package / file).read_text()
    assert old in text
    (package / file).write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new", "wiring", "says"),
    [
        ("services.xml", "<search>", "<serch>", WIRING, "not XML"),
        ("services.xml", "container id", "other id", WIRING, "not XML"),
        ("schemas/article.sd", "schema article", "article", WIRING, "holds no schema"),
        ("schemas/article.sd", "fieldset default {", "fieldset default {{", WIRING, "never closed"),
        ("schemas/article.sd", "summary short", "summary lastly", WIRING, "rename"),
        ("schemas/article.sd", "", "", Wiring(("titel",), ("http://s",)), "no field titel"),
        ("schemas/article.sd", "", "", Wiring(("length",), ("http://s",)), "is int"),
        ("schemas/article.sd", "", "", Wiring(("embedding",), ("http://s",)), "tensor<float>(x[256])"),
        ("services.xml", "", "", Wiring(("title",), ("http://s",), container="web"), "no container 'web'"),
    ],
)
def test_what_can_t_be_placed_is_refused_and_nothing_is_written(
    package: Path, file: str, old: str, new: str, wiring: Wiring, says: str
) -> None:
    if old:
        edited(package, file, old, new)
    before = contents(package)
    with pytest.raises(PackageError, match=re.escape(says)):
        attach(package, wiring)
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
    attach(package, Wiring(("title",), ("http://s",), container="second"))
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


def test_vespa_s_own_model_accepts_the_example_before_and_after(package: Path, java: Java, bundle: bytes) -> None:
    assert java.validate(package)[0], java.validate(package)[1]
    wired = Package(package)
    wired.write(wired.attach(WIRING, (), bundle))
    accepted, said = java.validate(package)
    assert accepted, said
    assert "com.lastly.vespa.rerank.def" not in said, "the bundle's config definition is not found"


def test_marked_up_fields_give_their_plain_text(package: Path, java: Java, bundle: bytes) -> None:
    edited(package, "schemas/article.sd", "field title type string {", "field title type string {\n bolding: on\n")
    wired = Package(package)
    wired.write(wired.attach(WIRING, (), bundle))
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
    wired.write(wired.attach(WIRING, (), bundle))
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
    wired.write(wired.attach(WIRING, (), bundle))
    accepted, said = java.validate(folder)
    assert accepted, said
    detach(folder)
    assert contents(folder) == before


Verdict = Callable[[Path], tuple[bool, str]]


class ConfigServer:
    """Stands in for a config server's HTTP API: Vespa's own is on no registry. What a package is worth `judge` decides.

    Only the transport is ours: the judge is Vespa's config model, which a config server runs too.
    """

    def __init__(self, judge: Verdict, folder: Path) -> None:
        self.judge = judge
        self.activated: Path | None = None
        self.answer: dict[str, Any] = {
            "session-id": "7",
            "message": "Session 7 for tenant 'default' prepared and activated.",
        }
        self.polls_until_converged = 2
        self.paths: list[str] = []
        self.package = b""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.paths.append(self.path)
                outer.package = self.rfile.read(int(self.headers["Content-Length"]))
                uploaded = folder / str(len(outer.paths))
                with zipfile.ZipFile(io.BytesIO(outer.package)) as archive:
                    archive.extractall(uploaded)
                accepted, said = outer.judge(uploaded)
                outer.activated = uploaded if accepted else None
                refusal = {"error-code": "INVALID_APPLICATION_PACKAGE", "message": said}
                self.answer(*((200, outer.answer) if accepted else (400, refusal)))

            def do_GET(self) -> None:
                outer.paths.append(self.path)
                outer.polls_until_converged -= 1
                self.answer(200, {"converged": outer.polls_until_converged <= 0})

            def answer(self, status: int, body: dict[str, Any]) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *args: Any) -> None:
                """Keep the tests' output readable."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def config_server(tmp_path: Path) -> Iterator[ConfigServer]:
    """One that takes every package."""
    server = ConfigServer(lambda _: (True, ""), tmp_path / "uploaded")
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_deploying_uploads_the_folder_and_waits_until_services_run_it(
    package: Path, config_server: ConfigServer
) -> None:
    attach(package)
    assert deploy(package, config_server.url) == Deployment("7", [])
    assert config_server.activated
    assert contents(config_server.activated) == contents(package)
    assert config_server.paths[0] == "/application/v2/tenant/default/prepareandactivate"
    assert config_server.polls_until_converged == 0


def test_deploying_says_what_the_config_server_wants_known(package: Path, config_server: ConfigServer) -> None:
    config_server.answer |= {
        "log": [{"level": "WARNING", "message": "field x"}, {"level": "INFO", "message": "fine"}],
        "configChangeActions": {
            "restart": [{"clusterName": "default", "serviceType": "container", "messages": ["new bundle"]}]
        },
    }
    deployment = deploy(package, config_server.url)
    assert deployment.said == ["warning: field x", "needs restart of container in default: new bundle"]


def test_services_that_never_take_the_package_up_are_not_waited_for_for_ever(
    package: Path, config_server: ConfigServer
) -> None:
    config_server.polls_until_converged = 1000
    with pytest.raises(DeployError, match="have not taken it up"):
        deploy(package, config_server.url, wait_s=0.5)


def test_the_command_deploys_what_vespa_s_own_model_accepts_and_tells_why_it_refuses(
    package: Path,
    config_server: ConfigServer,
    java: Java,
    bundle: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config_server.judge = java.validate
    jar = tmp_path / "built.jar"
    jar.write_bytes(bundle)
    arguments = [str(package), "--fields", "title,text", "--sidecar", "http://127.0.0.1:8787", "--bundle", str(jar)]
    arguments += ["--yes", "--deploy", config_server.url]
    assert cli.attach(arguments) == 0
    assert "deployed as session 7" in capsys.readouterr().out
    edited(package, "schemas/article.sd", "bm25(text)", "bm25(nosuch) +")
    assert cli.attach(arguments) == 1
    said = capsys.readouterr().err
    assert "the config server refuses the package (400)" in said
    assert "bm25" in said
    assert config_server.activated is None


@pytest.mark.parametrize("address", ["localhost:19071", "http://127.0.0.1:9"])
def test_a_config_server_that_is_none_is_named(package: Path, address: str) -> None:
    with pytest.raises(DeployError, match=address):
        deploy(package, address)


@pytest.fixture
def jar(tmp_path: Path) -> str:
    file = tmp_path / "bundle.jar"
    file.write_bytes(BUNDLE)
    return str(file)


def test_the_command_shows_the_difference_first_and_writes_only_when_told(
    package: Path, jar: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [str(package), "--fields", "title,text", "--sidecar", "http://127.0.0.1:8787", "--bundle", jar]
    before = contents(package)
    assert cli.attach([*arguments, "--dry-run"]) == 0
    assert '+        <searcher id="com.lastly.vespa.RerankSearcher"' in capsys.readouterr().out
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    assert cli.attach(arguments) == 1
    assert contents(package) == before
    assert cli.attach([*arguments, "--yes"]) == 0
    assert cli.status([str(package)]) == 0
    assert cli.detach([str(package), "--yes"]) == 0
    assert contents(package) == before
    assert cli.status([str(package)]) == 1


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--window-size", "0"),
        ("--window-size", "1001"),
        ("--timeout", "61s"),
        ("--timeout", "soon"),
        ("--on-failure", "shrug"),
        ("--mode", "loud"),
        ("--explain", "yes"),
        ("--max-doc-tokens", "-1"),
        ("--sidecar", "sidecar:8787"),
        ("--instruction", "x" * 8193),
        ("--fields", " , "),
        ("--fields", ",".join(["title"] * 33)),
    ],
)
def test_a_setting_with_which_no_container_would_start_is_refused(
    package: Path, jar: str, capsys: pytest.CaptureFixture[str], flag: str, value: str
) -> None:
    before = contents(package)
    arguments = [str(package), "--fields", "title", "--sidecar", "http://s", "--bundle", jar, "--yes"]
    assert cli.attach([*arguments, f"{flag}={value}"]) == 1
    assert flag in capsys.readouterr().err
    assert contents(package) == before


def test_the_limits_of_the_flags_are_the_core_s() -> None:
    core = Path(__file__).parents[3] / "plugin" / "core" / "src" / "main" / "java" / "com" / "lastly" / "core"
    code = (core / "RerankSettings.java").read_text()
    assert f"LARGEST_WINDOW = {settings.LARGEST_WINDOW};" in code
    assert f"LONGEST_TEXT = {settings.LONGEST_TEXT};" in code
    assert f"MOST_FIELDS = {settings.MOST_FIELDS};" in code
    assert f"LONGEST_TIMEOUT_MILLIS = {settings.LONGEST_TIMEOUT_MS:_};" in code


def test_the_command_deploys_where_told(package: Path, jar: str, config_server: ConfigServer) -> None:
    arguments = [str(package), "--fields", "title,text", "--sidecar", "http://127.0.0.1:8787", "--bundle", jar]
    assert cli.attach([*arguments, "--yes", "--deploy", config_server.url]) == 0
    assert config_server.package


def test_errors_of_the_command_are_one_line_and_say_what_to_do(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(package), "--fields", "title", "--sidecar", "http://s", "--yes"]
    assert cli.attach([*arguments, "--bundle", "nowhere.jar"]) == 1
    assert "make plugins" in capsys.readouterr().err


def test_the_command_line_finds_the_engine(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["attach", "vespa", "--help"])
    assert "--sidecar" in capsys.readouterr().out
    assert main(["attach", "solr"]) == 1
    assert "vespa" in capsys.readouterr().err
