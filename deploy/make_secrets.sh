#!/bin/sh
# Makes the secrets that docker-compose.yml reads, in ./secrets: those that are there already stay as they are.
# Keep secrets/hash_key safe and never change it: persons and event ids are hashed under it.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-secrets}
mkdir -p "$folder"
# The folder keeps other users of this machine out. The files themselves must be readable to all, since Compose mounts
# them as they are and the containers run as users of their own.
chmod 700 "$folder"
for name in hash_key web_token grafana_admin_password; do
    file=$folder/$name
    if [ -s "$file" ]; then
        echo "kept: $file"
        continue
    fi
    draft=$(mktemp "$folder/.draft.XXXXXX")
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$draft"
    chmod 444 "$draft"
    mv "$draft" "$file"
    echo "made: $file"
done
