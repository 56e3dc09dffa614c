#!/usr/bin/env bash
# Usage: system-packages.sh COMMAND:PACKAGE ...
# Installs the Debian package of each command that is missing, where this user may; else says what to install.
set -eu
missing=()
for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
echo "== system packages: ${missing[*]}"
if command -v apt-get >/dev/null; then
    if [ "$(id -u)" -eq 0 ]; then as=(); elif sudo -n true 2>/dev/null; then as=(sudo -n); else as=(no); fi
    if [ "${as[*]-}" != no ]; then
        ${as[@]+"${as[@]}"} apt-get update -qq
        DEBIAN_FRONTEND=noninteractive ${as[@]+"${as[@]}"} apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
        exit 0
    fi
fi
echo "The tests need ${missing[*]}, and this user may not install them. Run: apt-get install ${missing[*]}" >&2
exit 1
