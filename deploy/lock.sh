#!/bin/sh
# Writes the lock files: exact versions with hashes, without addresses of an index. Run on the oldest Python we support.
set -eu
cd "$(dirname "$0")/.."
unset PIP_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL || true
compile() {
    output=$1
    shift
    CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/python -m piptools compile --quiet --generate-hashes --strip-extras \
        --no-emit-index-url --no-emit-find-links --output-file "$output" "$@" pyproject.toml
}
compile requirements/runtime.txt
compile requirements/dev.txt --extra dev --allow-unsafe
# What `make bench` measures beside the service, in an environment of its own.
CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/python -m piptools compile --quiet --generate-hashes --strip-extras \
    --no-emit-index-url --no-emit-find-links --output-file requirements/peers.txt requirements/peers.in
