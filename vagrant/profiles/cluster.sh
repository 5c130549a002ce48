# shellcheck shell=bash disable=SC2154
# The first machine has the coordinator; the others join it by the token that all were given.
if [ "$count" -gt 1 ] && [ -z "${KEELSON_TOKEN:+${KEELSON_AUTHORITY:-}}" ]; then
    echo 'vagrant/provision: several machines need KEELSON_TOKEN and KEELSON_AUTHORITY' >&2
    exit 64
fi
if [ "$number" = 1 ]; then
    authority=/var/lib/keelson/coordinator/authority.pem
    if [ -n "${KEELSON_AUTHORITY:-}" ] && [ ! -e "$authority" ]; then
        install -d -m 0700 "${authority%/*}"
        (umask 077 && printf '%s' "$KEELSON_AUTHORITY" >"$authority")
    fi
    "$project/scripts/up" --node-ip "$address"
    [ -z "${KEELSON_TOKEN:-}" ] || keelson token --token "$KEELSON_TOKEN" --ttl 9999d >/dev/null
else
    hash=$(printf '%s' "$KEELSON_AUTHORITY" | openssl x509 -pubkey -noout |
        openssl pkey -pubin -outform der | sha256sum | cut -d ' ' -f 1)
    "$project/scripts/up" --node-ip "$address" --join "$KEELSON_TOKEN:sha256:$hash@$first"
fi
