"""Schema files (.sd): reads their fields and writes the summary class that holds the passage."""

import re
from dataclasses import dataclass, field

from lastly_integrations.vespa.errors import PackageError
from lastly_integrations.vespa.marks import SCHEMA

SUMMARY_CLASS = "lastly"
_TEXTUAL = {"string", "array<string>"}
_FIELD = re.compile(r"\bfield\s+([A-Za-z_]\w*)\s+type\s+([^{}]+?)\s*(?=\{)")
_SCHEMA = re.compile(r"\b(?:schema|search)\s+([A-Za-z_]\w*)[^{}]*(?=\{)")
_INHERITS = re.compile(r"\b(?:schema|search|document)\s+\w*\s*inherits\s+([\w\s,]+?)\s*(?=\{)")
_MARKED_UP = re.compile(r"\bbolding\s*:\s*on\b|\bsummary\s*:\s*dynamic\b|\bsummary\s*\{[^}]*\bdynamic\b")


@dataclass(frozen=True)
class Field:
    """A field: its type, and whether its summary carries markup (bolding, teasers) and not the plain text."""

    name: str
    type: str
    marked_up: bool

    @property
    def summary(self) -> str:
        """Return the name of the summary field that holds the plain text."""
        return f"{SUMMARY_CLASS}_{self.name}" if self.marked_up else self.name


@dataclass
class Schema:
    """A schema file's text and what stands in it."""

    name: str
    text: str
    end: int
    fields: dict[str, Field] = field(default_factory=dict)
    inherits: list[str] = field(default_factory=list)


def parse(text: str, name: str) -> Schema:
    """Read a schema; raises PackageError where the file holds none. `name` is the file's, for the message."""
    plain = _without_comments(text)
    found = _SCHEMA.search(plain)
    if found is None:
        raise PackageError(f"{name} holds no schema {{ … }}; Lastly can't place its summary class there")
    schema = Schema(found[1], text, _closing(plain, found.end(), name))
    for match in _FIELD.finditer(plain):
        body = plain[match.end() : _closing(plain, match.end(), name)]
        schema.fields[match[1]] = Field(match[1], re.sub(r"\s", "", match[2]), _MARKED_UP.search(body) is not None)
    for match in _INHERITS.finditer(plain):
        schema.inherits += [parent.strip() for parent in match[1].split(",")]
    return schema


def attach(schema: Schema, fields: list[Field]) -> str:
    """Return the schema's text with the summary class; the text must be without what Lastly wrote before."""
    plain = _without_comments(schema.text)
    if re.search(rf"\bdocument-summary\s+{SUMMARY_CLASS}\b", plain):
        raise PackageError(
            f"schema {schema.name} has a document-summary {SUMMARY_CLASS} not written by this tool; rename it"
        )
    line_start = schema.text.rfind("\n", 0, schema.end) + 1
    block = SCHEMA.wrap(_summary_class(fields), "    ") + "\n"
    if schema.text[line_start : schema.end].strip():
        raise PackageError(f"put the last }} of schema {schema.name} on a line of its own, then attach again")
    return schema.text[:line_start] + block + schema.text[line_start:]


def detach(text: str) -> str:
    """Return the schema's text without what Lastly wrote."""
    return SCHEMA.remove(text)


def require_text(schema: Schema, fields: dict[str, Field], wanted: tuple[str, ...]) -> list[Field]:
    """Return the wanted fields; raises PackageError for one that the schema lacks or that is no text."""
    missing = [name for name in wanted if name not in fields]
    if missing:
        raise PackageError(f"schema {schema.name} has no field {', '.join(missing)}; its fields are {_listed(fields)}")
    for name in wanted:
        if fields[name].type not in _TEXTUAL:
            raise PackageError(
                f"field {name} of schema {schema.name} is {fields[name].type}; a passage needs string or array<string>"
            )
    return [fields[name] for name in wanted]


def _listed(fields: dict[str, Field]) -> str:
    return ", ".join(sorted(fields)) or "none"


def _summary_class(fields: list[Field]) -> list[str]:
    summaries = [
        f"    summary {each.summary} {{ source: {each.name} }}" if each.marked_up else f"    summary {each.name} {{}}"
        for each in fields
    ]
    return [f"document-summary {SUMMARY_CLASS} {{", *summaries, "    from-disk", "}"]


def _without_comments(text: str) -> str:
    """Blank comments and strings out, so that braces and words in them don't count; offsets stay."""
    return re.sub(r'"(?:\\.|[^"\\\n])*"|#[^\n]*', lambda match: " " * len(match[0]), text)


def _closing(plain: str, opening: int, name: str) -> int:
    """Return the offset of the brace that closes the one at `opening`."""
    depth = 0
    for at in range(opening, len(plain)):
        depth += {"{": 1, "}": -1}.get(plain[at], 0)
        if depth == 0:
            return at
    raise PackageError(f"{name} has a brace that is never closed; correct it first")
