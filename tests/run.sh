#!/usr/bin/env bash
# Installs what is needed, builds, runs the whole test suite, and ends in "N passed, N failed[, N skipped]".
#
#   tests/run.sh              everything: unit, tidy, integration, and the lab (when this user may make namespaces)
#   tests/run.sh --no-lab     without the network lab
#   tests/run.sh --asan       the same tests a second time under ASan and UBSan (lab left out there)
set -euo pipefail
cd "$(dirname "$0")/.."

with_lab=1 with_asan=0
for argument in "$@"; do
  case "$argument" in
    --no-lab) with_lab=0 ;;
    --asan) with_asan=1 ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "tests/run.sh: unknown argument \"$argument\"; see --help" >&2; exit 64 ;;
  esac
done

deploy/packaging/install-deps.sh build test lab

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

# run_suite PRESET CTEST-ARGUMENTS...: a failing build counts as one failed test, so that the last line never lies.
run_suite() {
  local preset=$1 report="$reports/$1-$RANDOM.xml"
  shift
  if ! { cmake --preset "$preset" >"$reports/configure.log" 2>&1 || { cat "$reports/configure.log"; false; }; } ||
     ! cmake --build --preset "$preset"; then
    echo '<testsuite tests="1" failures="1" disabled="0" skipped="0"/>' >"$report"
    return 0
  fi
  ctest --test-dir "build/$preset" --output-on-failure --output-junit "$report" "$@" || true
}

run_suite dev -LE lab -j2
# One after another: each scenario brings up an internet of its own and counts milliseconds.
[ "$with_lab" = 1 ] && run_suite dev -L lab -j1
[ "$with_asan" = 1 ] && run_suite asan -LE 'lab|tidy' -j2

sum() { # sum ATTRIBUTE over the <testsuite> lines of every report
  grep -ho "<testsuite [^>]*>\|^	*$1=\"[0-9]*\"" "$reports"/*.xml | tr '\n' ' ' |
    grep -o "$1=\"[0-9]*\"" | tr -dc '0-9\n' | awk '{ total += $1 } END { print total + 0 }'
}
total=$(sum tests) failed=$(sum failures) skipped=$(($(sum skipped) + $(sum disabled)))
echo "$((total - failed - skipped)) passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
