"""`python -m docs.chart_schema`: writes the sidecar's settings, with types and bounds, into the Helm chart's schema."""

import json
from pathlib import Path
from typing import Any

from lastly.config import Settings

SCHEMA = Path(__file__).parents[1] / "deploy" / "helm" / "lastly" / "values.schema.json"
# Set by the chart itself, out of values of their own.
_THE_CHART_S_OWN = {"api_key", "api_key_file", "host", "port", "ray", "tls_cert", "tls_key"}
_KEPT = ("type", "minimum", "maximum", "exclusiveMinimum", "enum")


def settings_schema() -> dict[str, Any]:
    """Return the JSON schema of `settings` in the chart's values; it refuses names that are no settings."""
    known = Settings.model_json_schema()["properties"]
    properties = {name: _of_one(known[name]) for name in known if name not in _THE_CHART_S_OWN | _ray(known)}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def document() -> str:
    """Return the whole schema file with its `settings` made anew."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schema["properties"]["settings"] = settings_schema()
    return json.dumps(schema, indent=2) + "\n"


def _ray(known: dict[str, Any]) -> set[str]:
    return {name for name in known if name.startswith("ray_")}  # the chart runs one process a pod


def _of_one(setting: dict[str, Any]) -> dict[str, Any]:
    """Return what one value may be: lists also as one string with commas, as the environment takes them."""
    choices = [kind for kind in setting.get("anyOf", [setting]) if kind.get("type") != "null"]
    if len(choices) != 1 or choices[0].get("type") == "array":
        return {"type": ["string", "array"], "items": {"type": "string"}}
    kept = {key: choices[0][key] for key in _KEPT if key in choices[0]}
    if kept.get("type") == "number":  # helm's --set makes a string of a fraction
        return {"anyOf": [kept, {"type": "string", "pattern": r"^[0-9]*\.[0-9]+$"}]}
    return kept or {"type": "string"}


if __name__ == "__main__":
    SCHEMA.write_text(document(), encoding="utf-8")
