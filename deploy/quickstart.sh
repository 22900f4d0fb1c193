#!/usr/bin/env bash
# From a fresh clone to a first verdict: installs what is needed, builds, starts a mesh on this machine, diagnoses.
#
#   deploy/quickstart.sh                          replay one outage three times in a lab internet (root)
#   deploy/quickstart.sh https://www.example.com  diagnose TARGET with a few nodes on this machine
#   deploy/quickstart.sh --keep [TARGET]          the same, and leave the mesh running
#
# It cleans up after itself, also when interrupted. Needs Debian 12 or newer; root or sudo to install packages.
set -euo pipefail
cd "$(dirname "$0")/.."

keep=0 target=
for argument in "$@"; do
  case "$argument" in
    --keep) keep=1 ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "quickstart: unknown flag \"$argument\"; see --help" >&2; exit 64 ;;
    *)
      [ -z "$target" ] || { echo "quickstart: one TARGET at a time; see --help" >&2; exit 64; }
      target=$argument
      ;;
  esac
done

bin=$PWD/build/release/bin
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }
fail() { echo "quickstart: $*" >&2; exit 1; }

pause() { read -r -t "$1" <> <(:) || true; } # seconds

build() { # build LISTS PROGRAMS: packages of these lists, then these programs
  say "Installing what is needed"
  # shellcheck disable=SC2086
  deploy/packaging/install-deps.sh $1
  say "Building (a few minutes the first time)"
  local log
  log=$(mktemp)
  cmake --preset release >"$log" 2>&1 || { cat "$log" >&2; fail "cmake could not configure the build"; }
  rm -f "$log"
  # shellcheck disable=SC2086
  cmake --build --preset release --target $2
}

# ---- the lab: no TARGET -------------------------------------------------------------------------------------------

lab() { "$bin/probemesh-lab" --run-id "$run_id" "$@"; }

# What a person at va sees with the usual tools, and what the machines inside say.
show_symptoms() {
  local ca=/run/probemesh-lab/$run_id/ca.pem
  lab exec va -- sh -c "
    printf '  va$ getent ahostsv4 www.lab.test   '; getent ahostsv4 www.lab.test | awk 'NR==1 { print \$1 }'
    printf '  va$ ping www.lab.test              '; ping -4 -c 2 -i 0.3 -W 1 www.lab.test | grep -o '[0-9]*% packet loss'
    for url in http://www.lab.test https://www.lab.test; do
      printf '  va\$ curl %-25s ' \$url
      curl -4 -sS -m 2 --cacert $ca -o /dev/null -w 'HTTP %{http_code}\n' \$url 2>&1 | tail -n 1 | sed 's/HTTP 000/no answer/'
    done"
  printf '  the server itself: nginx answers   '
  lab exec t -- curl -sS -m 2 -o /dev/null -w 'HTTP %{http_code}\n' http://localhost/
  printf '  its neighbour, inside              '
  lab exec in -- curl -sS -m 2 -o /dev/null -w 'HTTP %{http_code}\n' http://10.50.0.20/
}

replay() { # replay TITLE FAULT
  say "$1"
  lab fault "$2" >/dev/null
  show_symptoms
  echo
  echo "  \$ probemesh diagnose https://www.lab.test"
  local code=0
  lab cli -- diagnose https://www.lab.test || code=$?
  [ "$code" -le 2 ] || fail "the mesh came to no verdict (exit $code)"
  lab heal
}

replay_outages() {
  build "build lab" "probemesh probemesh-coordinator probemesh-node probemesh-lab"
  run_id=q$(($$ % 100000))
  [ "$(id -u)" = 0 ] || fail "the lab makes network namespaces, which needs root: run it with sudo, or give a TARGET"
  say "Bringing up a lab internet: 4 vantages in 4 networks, 2 transits, 2 providers, a firewall, a web server"
  trap 'lab down >/dev/null 2>&1 || true' EXIT
  local owner=(--owner-pid $$)
  [ "$keep" = 1 ] && owner=()
  lab up "${owner[@]}" >/dev/null
  lab mesh >/dev/null
  lab cli -- nodes list

  say "All is well, and the mesh learns the paths"
  lab cli -- diagnose https://www.lab.test
  pause 3 # each vantage now walks to the healthy target in the background, once by IPv4 and once by IPv6

  say "One report, three causes: the name resolves, ping is lost, 80 and 443 time out, inside all is healthy."
  replay "1. A server outage: the host is gone from its network" dead_host
  replay "2. A firewall: the edge drops pings and ports 80 and 443" founding_firewall
  replay "3. A routing failure: one provider discards the packets" blackhole_p1

  if [ "$keep" = 1 ]; then
    trap - EXIT
    say "The lab stays up. Break something yourself:"
    cat <<EOF
  $bin/probemesh-lab faults
  $bin/probemesh-lab fault loop_p1
  $bin/probemesh-lab cli -- diagnose https://www.lab.test
  $bin/probemesh-lab heal
  $bin/probemesh-lab down
EOF
  else
    say "Done. Next: deploy/quickstart.sh TARGET, or --keep to break things yourself; README.md says how to join nodes."
  fi
}

# ---- a mesh on this machine: TARGET -------------------------------------------------------------------------------

free_port() { # the first port from $1 on that nobody listens on
  local port=$1
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}

await() { # await SECONDS WHAT COMMAND...
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || { tail -n 5 "$dir"/*.log >&2; fail "$what; logs above and in $dir"; }
    pause 0.1
  done
}

all_connected() { [ "$(mesh nodes list | grep -c ' connected ')" = 3 ]; }

mesh() { "$bin/probemesh" --context "$dir/coordinator/admin.context" "$@"; }

diagnose_target() {
  build build "probemesh probemesh-coordinator probemesh-node"
  dir=$(mktemp -d "${TMPDIR:-/tmp}/probemesh.XXXXXX")
  pids=()
  # shellcheck disable=SC2154
  trap 'kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT

  say "Starting a coordinator and three nodes"
  local grpc enroll http
  grpc=$(free_port 7443) enroll=$(free_port 7544) http=$(free_port 9470)
  "$bin/probemesh-coordinator" --data-dir "$dir/coordinator" --listen "127.0.0.1:$grpc" \
    --enroll-listen "127.0.0.1:$enroll" --http-listen "127.0.0.1:$http" --advertise 127.0.0.1 \
    2>"$dir/coordinator.log" &
  pids+=($!)
  await 20 "the coordinator did not start" mesh nodes list
  local i
  for i in 1 2 3; do
    # These nodes serve the person who started them: the target may be private.
    "$bin/probemesh-node" --state-dir "$dir/node-$i" --name "local-$i" --label site=here \
      --allow-target 0.0.0.0/0 --allow-target ::/0 \
      --join-token "$(mesh token create --name "local-$i")" 2>"$dir/node-$i.log" &
    pids+=($!)
  done
  await 20 "the nodes did not connect" all_connected
  mesh nodes list

  say "\$ probemesh diagnose $target"
  local code=0
  mesh diagnose "$target" || code=$?

  say "All three nodes share this machine's network, so they count as one vantage: confidence stays low."
  echo "Join nodes in other networks to tell a server from a firewall from a route: README.md, \"Join a node\"."
  if [ "$keep" = 1 ]; then
    trap - EXIT
    echo "The mesh keeps running (processes ${pids[*]}, data in $dir):"
    echo "  $bin/probemesh --context $dir/coordinator/admin.context diagnose $target"
    echo "  kill ${pids[*]}; rm -r $dir"
  fi
  exit "$code"
}

if [ -n "$target" ]; then diagnose_target; else replay_outages; fi
