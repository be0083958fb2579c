"""services.xml: puts the searcher into a search chain."""

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from lastly_integrations.vespa.errors import PackageError
from lastly_integrations.vespa.marks import XML
from lastly_integrations.vespa.xml_text import Element, parse

SEARCHER = "com.lastly.vespa.RerankSearcher"
BUNDLE = "lastly-vespa"
CONFIG = "com.lastly.vespa.rerank"
_STEP = "  "


@dataclass(frozen=True)
class SearcherConfig:
    """What is written into the chain: the place, and the searcher's settings (those that differ from a default)."""

    fields: tuple[str, ...]
    sidecars: tuple[str, ...]
    settings: tuple[tuple[str, str], ...] = ()
    chain: str = "default"
    container: str = ""

    def searcher(self) -> list[str]:
        """Return the lines of the searcher element."""
        return [
            f'<searcher id="{SEARCHER}" bundle="{BUNDLE}">',
            f'  <config name="{CONFIG}">',
            "    <enabled>true</enabled>",
            *_items("fields", self.fields, "    "),
            *(f"    <{name}>{escape(value)}</{name}>" for name, value in self.settings),
            "    <sidecar>",
            *_items("urls", self.sidecars, "      "),
            "    </sidecar>",
            "  </config>",
            "</searcher>",
        ]


def attach(text: str, config: SearcherConfig) -> str:
    """Return services.xml with the searcher in its chain; what Lastly wrote before is replaced. Raises PackageError."""
    text = detach(text)
    root = parse(text, "services.xml")
    search = _search(root, config.container)
    if any(SEARCHER in (found.get("id"), found.get("class")) for found in _searchers(search)):
        raise PackageError(f"services.xml already has {SEARCHER}, not written by this tool; take it out first")
    chain = next((chain for chain in search.named("chain") if chain.attributes.get("id") == config.chain), None)
    if chain is not None:
        return _put(text, chain, config.searcher())
    return _put(text, search, _new_chain(config))


def detach(text: str) -> str:
    """Return services.xml without what Lastly wrote."""
    return XML.remove(text)


def _new_chain(config: SearcherConfig) -> list[str]:
    lines = [_STEP + line for line in config.searcher()]
    return [f'<chain id={quoteattr(config.chain)} inherits="vespa">', *lines, "</chain>"]


def _searchers(search: Element) -> list[dict[str, str]]:
    return [found.attributes for found in search.all("searcher")]


def _search(root: Element, wanted: str) -> Element:
    """Return the one <search> element meant; raises PackageError where none or several fit."""
    containers = [root] if root.name == "container" else root.named("container")
    searching = {
        container.attributes.get("id", "container"): container for container in containers if container.named("search")
    }
    if wanted and wanted not in searching:
        raise PackageError(f"no container {wanted!r} with <search> in services.xml; there is {_names(searching)}")
    if not searching:
        raise PackageError(
            "no container in services.xml has a <search> element; add <search/> to the one that answers queries"
        )
    if len(searching) > 1 and not wanted:
        raise PackageError(f"several containers have <search>: {_names(searching)}; say which with --container")
    return next(iter(searching[wanted or next(iter(searching))].named("search")))


def _names(containers: dict[str, Element]) -> str:
    return ", ".join(sorted(containers)) or "none"


def _put(text: str, parent: Element, lines: list[str]) -> str:
    """Write the lines as the last child of an element."""
    indent = _indent(text, parent.start)
    if parent.empty:
        return _put_into_empty(text, parent, lines, indent)
    line_start = text.rfind("\n", 0, parent.close) + 1
    if text[line_start : parent.close].strip():
        inline = XML.wrap(lines, "").replace("\n", "")
        return text[: parent.close] + inline + text[parent.close :]
    return text[:line_start] + XML.wrap(lines, indent + _STEP) + "\n" + text[line_start:]


def _put_into_empty(text: str, parent: Element, lines: list[str], indent: str) -> str:
    tag = text[parent.start : parent.end]
    if "--" in tag or "\n" in tag:
        raise PackageError(f"write {tag.strip()} as an opening and a closing tag in services.xml, then attach again")
    opened = [tag[:-2].rstrip() + ">", *(_STEP + line for line in lines), f"</{parent.name}>"]
    alone = not text[text.rfind("\n", 0, parent.start) + 1 : parent.start].strip()
    block = XML.wrap(opened, indent if alone else "", instead_of=tag)
    return text[: parent.start] + (block.lstrip() if alone else block.replace("\n", "")) + text[parent.end :]


def _indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip())]


def _items(name: str, values: tuple[str, ...], indent: str) -> list[str]:
    return [f"{indent}<{name}>", *(f"{indent}  <item>{escape(value)}</item>" for value in values), f"{indent}</{name}>"]
