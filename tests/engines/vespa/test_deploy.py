"""`lastly attach vespa --deploy`: the package is uploaded, judged, and waited for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lastly_integrations.vespa import cli
from lastly_integrations.vespa.deploy import Deployment, deploy
from lastly_integrations.vespa.errors import DeployError
from tests.kit.vespa.config_server import ConfigServer
from tests.kit.vespa.container import Java
from tests.kit.vespa.packages import attach, contents, edited


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


def test_the_command_deploys_where_told(package: Path, jar: str, config_server: ConfigServer) -> None:
    arguments = [str(package), "--fields", "title,text", "--sidecar", "http://127.0.0.1:8787", "--bundle", jar]
    assert cli.attach([*arguments, "--yes", "--deploy", config_server.url]) == 0
    assert config_server.package
