#!/bin/sh
# Lets promtool check the Prometheus rules, where there are any.
set -eu
cd "$(dirname "$0")/.."
rules=$(find grafana/prometheus -name '*.rules.y*ml' 2>/dev/null || true)
if [ -z "$rules" ]; then
    exit 0
fi
if ! command -v promtool >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        { apt-get install -y -q --no-install-recommends prometheus || { apt-get update -q && apt-get install -y -q --no-install-recommends prometheus; }; } >/dev/null
    else
        echo "promtool is missing; on Debian or Ubuntu type: apt-get install prometheus" >&2
        exit 1
    fi
fi
# shellcheck disable=SC2086 # one word a file
exec promtool check rules $rules
