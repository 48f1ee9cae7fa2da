#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: tmux, valkey-server (from Debian's backports where the release
# itself has none; redis-server where neither is to be had), postgresql, pgbouncer, prometheus, prometheus-alertmanager,
# prometheus-blackbox-exporter, node and npm (18 or newer) for the OpenID provider, and chromium to sign in at it.
# Does nothing when all is there. Not as root it prints the one command to run and exits 2.
set -euo pipefail

wanted=()
command -v tmux >/dev/null || wanted+=(tmux)
command -v valkey-server >/dev/null || command -v redis-server >/dev/null || wanted+=(valkey-server)
# Debian keeps initdb and postgres out of PATH, in a folder for each major version.
command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || wanted+=(postgresql)
# pg_dump, pg_restore and psql of the server's own version lie beside it.
compgen -G '/usr/lib/postgresql/*/bin/pg_dump' >/dev/null || command -v pg_dump >/dev/null || wanted+=(postgresql-client)
command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || wanted+=(pgbouncer)
command -v prometheus >/dev/null || wanted+=(prometheus)
command -v prometheus-blackbox-exporter >/dev/null || command -v blackbox_exporter >/dev/null || wanted+=(prometheus-blackbox-exporter)
command -v prometheus-alertmanager >/dev/null || command -v alertmanager >/dev/null || wanted+=(prometheus-alertmanager)
command -v node >/dev/null || wanted+=(nodejs)
command -v npm >/dev/null || wanted+=(npm)
command -v chromium >/dev/null || wanted+=(chromium)
[ ${#wanted[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "Missing: ${wanted[*]}. Install them with this system's package manager (redis-server does for valkey-server)." >&2
  exit 2
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Missing: ${wanted[*]}. Run: sudo $(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/install.sh" >&2
  exit 2
fi

export DEBIAN_FRONTEND=noninteractive
# A test machine wants the programs, not services on the well-known ports.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi

has_candidate() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'; }

add_backports() {
  local codename site options=""
  local list=/etc/apt/sources.list.d/pulse-console-backports.list
  local key=/usr/share/keyrings/debian-archive-keyring.gpg
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  [ -n "$codename" ] || return 0
  # The archive that this machine already uses.
  site=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v c="$codename" '$1 == c && $2 == "main" { print $3; exit }')
  [ -n "$site" ] || return 0
  [ ! -r "$key" ] || options="[signed-by=$key] "
  echo "deb ${options}${site} ${codename}-backports main" >"$list"
  apt-get update -qq || rm -f "$list"
}

apt-get update -qq || true
if [[ " ${wanted[*]} " == *" valkey-server "* ]] && ! has_candidate valkey-server; then
  add_backports
  has_candidate valkey-server || wanted=("${wanted[@]/valkey-server/redis-server}")
fi
apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
echo "installed: ${wanted[*]}"
