"""The packaged bundle as the container's OSGi framework takes it: imports resolved, classes linked, nothing twice."""

import io
import zipfile
from pathlib import Path

from tests.kit.vespa.container import Java


def test_the_bundle_resolves_in_felix_against_what_the_container_exports(
    java: Java, bundle: bytes, tmp_path: Path
) -> None:
    jar = tmp_path / "lastly-vespa.jar"
    jar.write_bytes(bundle)
    resolved, said = java.resolve(jar)
    assert resolved, said
    assert "RESOLVED lastly-vespa" in said
    assert "com.lastly.core.sidecar.Reranker" in said
    assert "MADE com.lastly.vespa.RerankSearcher" in said
    assert "com.lastly.vespa.RerankSearcher" in said


def test_a_bundle_with_an_import_that_nothing_exports_does_not_resolve(
    java: Java, bundle: bytes, tmp_path: Path
) -> None:
    jar = tmp_path / "broken.jar"
    with zipfile.ZipFile(io.BytesIO(bundle)) as good, zipfile.ZipFile(jar, "w") as broken:
        for name in good.namelist():
            content = good.read(name)
            if name == "META-INF/MANIFEST.MF":
                content = content.replace(b"Import-Package: ", b"Import-Package: com.nowhere,")
            broken.writestr(name, content)
    resolved, said = java.resolve(jar)
    assert not resolved
    assert "com.nowhere" in said


def test_the_bundle_ships_its_own_classes_the_core_and_the_config_definition_only(bundle: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as jar:
        names = jar.namelist()
        manifest = jar.read("META-INF/MANIFEST.MF").decode()
        jars = [name for name in names if name.endswith(".jar")]
        with zipfile.ZipFile(io.BytesIO(jar.read(jars[0]))) as core:
            names_of_core = core.namelist()
    assert "configdefinitions/com.lastly.vespa.rerank.def" in names
    assert len(jars) == 1
    assert f"Bundle-ClassPath: .,{jars[0]}" in manifest
    classes, of_core = ([name for name in each if name.endswith(".class")] for each in (names, names_of_core))
    assert all(name.startswith("com/lastly/vespa/") for name in classes)
    assert all(name.startswith("com/lastly/core/") for name in of_core)
    assert classes
    assert of_core
    assert "Export-Package" not in manifest
