#!/usr/bin/env bash
# Prints the folder that holds `kube-apiserver` and `etcd`.
#
# Looks at $KUBEBUILDER_ASSETS, then PATH, then the cache folder; else builds both there from their published modules,
# once (a few minutes, about 2 GB for Go's own caches). Exits 3, with one line, when they cannot be had.
# `kube.sh --look` only looks and never builds.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(sed -n 's|^[[:space:]]*k8s.io/kubernetes \(v[0-9.]*\).*|\1|p' "$here/go.mod" | head -n 1)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pulse-console/kube-${version#v}"

give_up() {
  echo "kube-apiserver and etcd cannot be had: $1" >&2
  exit 3
}

holds_both() { [ -x "$1/kube-apiserver" ] && [ -x "$1/etcd" ]; }

look() {
  if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
    holds_both "$KUBEBUILDER_ASSETS" || give_up "KUBEBUILDER_ASSETS is $KUBEBUILDER_ASSETS, and both are not there."
    echo "$KUBEBUILDER_ASSETS"
    return
  fi
  local on_path
  on_path=$(command -v kube-apiserver || true)
  if [ -n "$on_path" ] && holds_both "$(dirname "$on_path")"; then
    dirname "$on_path"
  elif holds_both "$cache"; then
    echo "$cache"
  else
    return 1
  fi
}

build() {
  command -v go >/dev/null || give_up "go (1.25 or newer) is not installed; install it or set KUBEBUILDER_ASSETS."
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9 2>/dev/null || true
  if holds_both "$cache"; then return; fi
  echo "building etcd and kube-apiserver $version into $cache (once; 3 to 10 minutes)" >&2
  local minor=${version#v1.}
  minor=${minor%%.*}
  local stamp="-X k8s.io/component-base/version.gitVersion=$version"
  stamp+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$minor"
  (
    cd "$here"
    export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false -mod=readonly"
    go build -ldflags "-s -w" -o "$cache/etcd.new" go.etcd.io/etcd/server/v3 &&
      go build -ldflags "-s -w $stamp" -o "$cache/kube-apiserver.new" k8s.io/kubernetes/cmd/kube-apiserver
  ) >&2 || give_up "the build in $here failed, see above."
  mv "$cache/etcd.new" "$cache/etcd"
  mv "$cache/kube-apiserver.new" "$cache/kube-apiserver"
}

[ -n "$version" ] || give_up "no k8s.io/kubernetes version in $here/go.mod."
if look; then exit 0; fi
[ "${1:-}" != "--look" ] || give_up "they are not built yet; run make test, or $here/kube.sh."
build
echo "$cache"
