"""Which paths are treated alike."""

RERANK_PATHS = frozenset({"/v1/rerank", "/v2/rerank", "/rerank"})
OPEN_PATHS = frozenset({"/health/live", "/health/ready", "/metrics", "/docs", "/docs/oauth2-redirect", "/openapi.json"})
