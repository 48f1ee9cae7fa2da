#!/usr/bin/env bash
# Prints the folder that holds the packages of the OpenID provider (`tools/provider/package.json`).
#
# Looks at $PROVIDER_PACKAGES, then the cache folder; else installs them there, once for each lock file (some seconds, 13 MB).
# Exits 3, with one line, when they cannot be had. `provider.sh --look` only looks and never installs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/provider
lock=$(sha256sum "$here/package-lock.json")
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pulse-console/provider-${lock:0:12}"

give_up() {
  echo "the OpenID provider cannot be had: $1" >&2
  exit 3
}

holds() { [ -f "$1/node_modules/oidc-provider/package.json" ] && [ -f "$1/node_modules/playwright-core/package.json" ]; }

look() {
  if [ -n "${PROVIDER_PACKAGES:-}" ]; then
    holds "$PROVIDER_PACKAGES" || give_up "PROVIDER_PACKAGES is $PROVIDER_PACKAGES, and they are not there."
    echo "$PROVIDER_PACKAGES"
  elif holds "$cache"; then
    echo "$cache"
  else
    return 1
  fi
}

install() {
  command -v npm >/dev/null || give_up "npm is not installed; run tests/platform/tools/install.sh."
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9 2>/dev/null || true
  if holds "$cache"; then return; fi
  echo "installing the OpenID provider's packages into $cache (once; some seconds)" >&2
  local new="$cache/new"
  rm -rf "$new" && mkdir "$new"
  cp "$here/package.json" "$here/package-lock.json" "$new/"
  (cd "$new" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2 || give_up "npm failed, see above."
  rm -rf "$cache/node_modules"
  mv "$new/node_modules" "$cache/node_modules"
  rm -rf "$new"
}

if look; then exit 0; fi
[ "${1:-}" != "--look" ] || give_up "it is not installed yet; run make test, or ${BASH_SOURCE[0]}."
install
echo "$cache"
