#!/bin/sh
# Lets promtool check the Prometheus rules, and amtool who is told of their alerts.
set -eu
cd "$(dirname "$0")/.."
need() { # a command, and the Debian package that has it
    command -v "$1" >/dev/null 2>&1 && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        { apt-get install -y -q --no-install-recommends "$2" || { apt-get update -q && apt-get install -y -q --no-install-recommends "$2"; }; } >/dev/null
    else
        echo "$1 is missing; on Debian or Ubuntu type: apt-get install $2" >&2
        exit 1
    fi
}
need promtool prometheus
need amtool prometheus-alertmanager
promtool check rules grafana/prometheus/*.rules.yml
exec amtool check-config grafana/alertmanager/alertmanager.yml
