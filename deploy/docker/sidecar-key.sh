#!/bin/sh
# sidecar-key KEYSTORE-TOOL COMMAND...: puts LASTLY_API_KEY, where it is set, into the engine's keystore, the only place
# where an engine reads a secret from, and hands over to COMMAND. Run in the engine's home.
set -eu
tool=$1
shift
if [ -n "${LASTLY_API_KEY:-}" ]; then
    printf '%s' "$LASTLY_API_KEY" | "bin/$tool" add --stdin --force lastly.sidecar.api_key
fi
unset LASTLY_API_KEY
exec "$@"
