#!/usr/bin/env bash
# Runs every test of the package: the live build on real servers, then the training build. The servers are started by the
# tests themselves and end with them. The last line is `N passed, N failed, N skipped`.
#
# Without kube-apiserver the test targets whose name begins with `kubernetes` are left out, loudly; with CI=true that is a
# failure. Without the S3 server its tests fail, everywhere.
set -uo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$tools/../../.."
cargo=${CARGO:-cargo}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed_runs=0
left_out=0

run() {
  "$cargo" test --no-fail-fast "$@" 2>&1 | tee -a "$log"
  [ "${PIPESTATUS[0]}" -eq 0 ] || failed_runs=$((failed_runs + 1))
}

# The integration test targets: `tests/NAME.rs` and `tests/NAME/main.rs`.
targets() {
  local file
  for file in tests/*.rs tests/*/main.rs; do
    [ -f "$file" ] || continue
    file=${file#tests/}
    file=${file%/main.rs}
    echo "${file%.rs}"
  done
}

sum() {
  grep -E '^test result:' "$log" | grep -oE "[0-9]+ $1" | awk '{ n += $1 } END { print n + 0 }'
}

"$tools/install.sh" || exit $?
# A test that needs it and can't have it fails and says so.
"$tools/s3.sh" >/dev/null || true
"$tools/provider.sh" >/dev/null || true

if assets=$("$tools/kube.sh"); then
  export KUBEBUILDER_ASSETS=$assets
  run --features real-servers
else
  wanted=()
  unwanted=()
  while read -r target; do
    case $target in
      kubernetes*) unwanted+=(--test "$target") ;;
      *) wanted+=(--test "$target") ;;
    esac
  done < <(targets)
  if [ ${#unwanted[@]} -gt 0 ]; then
    left_out=$("$cargo" test --features real-servers "${unwanted[@]}" -- --list 2>/dev/null | grep -c ': test$')
    echo "!!! $left_out TESTS ARE LEFT OUT: there is no kube-apiserver (see above); they are in ${unwanted[*]} !!!" >&2
  fi
  run --features real-servers --lib --bins "${wanted[@]}"
  run --features real-servers --doc
fi
run --no-default-features

passed=$(sum passed)
failed=$(sum failed)
skipped=$(($(sum ignored) + left_out))
code=0
if [ "$failed" -gt 0 ] || [ "$failed_runs" -gt 0 ]; then
  code=1
fi
if [ "$left_out" -gt 0 ] && [ "${CI:-}" = true ]; then
  echo "Tests were left out, which is a failure where CI=true." >&2
  code=1
fi
if [ "$failed" -eq 0 ] && [ "$failed_runs" -gt 0 ]; then
  echo "Not everything could be built and run; the first error is above." >&2
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit $code
