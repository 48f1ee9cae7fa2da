#!/usr/bin/env bash
# Prints the folder that holds `s3s-fs`, an S3 server that keeps its objects as plain files.
#
# Looks at $S3S_FS_ASSETS, then PATH, then the cache folder; else builds it there from its published crate, once (about two
# minutes). Exits 3, with one line, when it cannot be had.
# `s3.sh --look` only looks and never builds.
set -euo pipefail

version=0.14.1
cache="${XDG_CACHE_HOME:-$HOME/.cache}/pulse-console/s3s-fs-$version"
cargo=${CARGO:-cargo}

give_up() {
  echo "s3s-fs cannot be had: $1" >&2
  exit 3
}

look() {
  local on_path
  if [ -n "${S3S_FS_ASSETS:-}" ]; then
    [ -x "$S3S_FS_ASSETS/s3s-fs" ] || give_up "S3S_FS_ASSETS is $S3S_FS_ASSETS, and it is not there."
    echo "$S3S_FS_ASSETS"
    return
  fi
  on_path=$(command -v s3s-fs || true)
  if [ -n "$on_path" ]; then
    dirname "$on_path"
  elif [ -x "$cache/bin/s3s-fs" ]; then
    echo "$cache/bin"
  else
    return 1
  fi
}

build() {
  command -v "$cargo" >/dev/null || give_up "cargo is not installed."
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9 2>/dev/null || true
  if [ -x "$cache/bin/s3s-fs" ]; then return; fi
  echo "building s3s-fs $version into $cache (once; about 2 minutes)" >&2
  # Not in this package's build folder, and not with settings meant for it.
  (cd "$cache" && env -u CARGO_TARGET_DIR -u RUSTFLAGS \
    "$cargo" install s3s-fs --version "$version" --features binary --root "$cache" --locked --quiet) >&2 ||
    give_up "the build failed, see above."
}

if look; then exit 0; fi
[ "${1:-}" != "--look" ] || give_up "it is not built yet; run make test, or ${BASH_SOURCE[0]}."
build
echo "$cache/bin"
