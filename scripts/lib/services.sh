# shellcheck shell=bash
# Throw-away servers for tests, benches and failure drills: found or installed, started on free loopback
# ports, stopped by pid. Source it; it defines functions and sets no option of the caller.
#
#   services_begin            a private folder, and stopping everything on every exit
#   postgres_start            exports ACUERDO_TEST_POSTGRES (may create databases and schemas)
#   redis_start               exports ACUERDO_TEST_REDIS
#   browser_need              chromium and chromedriver are on the path
#   moment_begin MOMENT ZONE  PostgreSQL and tests that are started from now on believe that it is that moment
#   services_stop             early, if the caller wants it; called at exit in any case
#
# A failure drill can stop and restart one of them (postgres_stop, postgres_run, redis_stop, redis_run), also from
# another shell that was given the variables of `services_share`: the pids are in files of the private folder.

# A profile of Cargo.toml, `ci` or `release`, that everything is built with; without it each script has its own.
BUILD_PROFILE=${BUILD_PROFILE:-}

SERVICES_DIR=${SERVICES_DIR:-}
POSTGRES_PORT=${POSTGRES_PORT:-}
REDIS_PORT=${REDIS_PORT:-}

say() {
  printf '%s\n' "$*" >&2
}

die() {
  say "error: $*"
  exit 1
}

# packages_install PACKAGE... : Debian's packages, when we may; else says what is missing and ends.
packages_install() {
  if ! command -v apt-get >/dev/null; then
    die "missing: $*. This machine has no apt-get; install them with its own package manager and try again."
  fi
  if [ "$(id -u)" -ne 0 ]; then
    die "missing: $*. Install them as root and try again: apt-get install $*"
  fi
  say "installing $*"
  local log
  log=$(mktemp)
  if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "apt-get could not install $*"
  fi
  rm -f "$log"
}

# need_command COMMAND PACKAGE... : the command is on the path, or becomes so.
need_command() {
  local command=$1
  shift
  command -v "$command" >/dev/null || packages_install "$@"
  command -v "$command" >/dev/null || die "$command is still missing after installing $*"
}

# cargo_tool COMMAND CRATE VERSION [OPTION...] : a cargo tool of the path, or built once below target/tools.
cargo_tool() {
  local command=$1 crate=$2 version=$3
  shift 3
  export PATH="$PATH:$PWD/target/tools/bin"
  if ! command -v "$command" >/dev/null; then
    say "building $crate $version (once; kept in target/tools)"
    # Run once or twice: a debug build is ready sooner.
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --root target/tools --target-dir target/tools/build \
      --version "$version" "$@" "$crate" || die "cargo could not install $crate $version"
    rm -rf target/tools/build
  fi
}

# A port below the range that the system gives out by itself, so that tests that ask for any port do not take it.
port_free() {
  local port attempt
  for attempt in $(seq 100); do
    port=$((20000 + (RANDOM + attempt) % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  die "no free port found between 20000 and 31999"
}

# pid_stop PID SIGNAL : ends one process of ours and waits up to 10 s before it is killed.
pid_stop() {
  local pid=$1 signal=$2
  kill -s "$signal" "$pid" 2>/dev/null || return 0
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -s KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

# file_stop FILE SIGNAL : ends the process whose pid is in that file.
file_stop() {
  [ -f "$1" ] || return 0
  pid_stop "$(cat "$1")" "$2"
  rm -f "$1"
}

# --- Another moment -----------------------------------------------------------------------------------------

# What stands before the command of a process that shall believe in another moment.
MOMENT=()

# moment_check MOMENT ZONE : both can be read, and what fakes the time is here. Either may be empty.
moment_check() {
  # Of the time zone database, which an abbreviation is not.
  [ -z "$2" ] || [ -f "/usr/share/zoneinfo/$2" ] || die "there is no time zone \`$2\` in /usr/share/zoneinfo"
  [ -z "$1" ] || date -d "TZ=\"${2:-UTC}\" $1" >/dev/null 2>&1 || die "\`$1\` is no moment; write it like 2028-02-29 23:59:30"
  [ -z "$1" ] || [ -n "$(libfaketime)" ] || packages_install libfaketime
  [ -z "$1" ] || [ -n "$(libfaketime)" ] || die "libfaketimeMT.so.1 is still missing after installing libfaketime"
}

libfaketime() {
  find /usr/lib /usr/local/lib -name libfaketimeMT.so.1 2>/dev/null | head -n 1
}

# One distance for all, so that servers, tests and what tests start have the same time. What measures how long
# something takes (the monotonic clock) goes on as it is, and so do times of files.
moment_begin() {
  local ahead triple
  MOMENT=(env "TZ=${2:-UTC}")
  if [ -n "$1" ]; then
    ahead=$(($(date -d "TZ=\"${2:-UTC}\" $1" +%s) - $(date +%s)))
    MOMENT+=("LD_PRELOAD=$(libfaketime)" "FAKETIME=$(printf '%+d' "$ahead")s" FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1)
  fi
  triple=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
  export "CARGO_TARGET_${triple}_RUNNER=${MOMENT[*]}"
  say "as of $("${MOMENT[@]}" date '+%A %Y-%m-%d %H:%M:%S %Z')"
}

services_begin() {
  SERVICES_DIR=$(mktemp -d "${TMPDIR:-/tmp}/acuerdo.XXXXXX")
  # PostgreSQL's own user must be able to pass through.
  chmod 711 "$SERVICES_DIR"
  trap services_stop EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# For programs that call these functions in a shell of their own.
services_share() {
  export SERVICES_DIR POSTGRES_BIN POSTGRES_USER POSTGRES_PORT POSTGRES_OPTIONS REDIS_PORT
}

services_stop() {
  [ -n "$SERVICES_DIR" ] || return 0
  redis_stop TERM
  postgres_stop INT
  [ -z "${DISK_BYTES:-}" ] || umount "$SERVICES_DIR/postgres"
  rm -rf "$SERVICES_DIR"
  SERVICES_DIR=""
}

# --- PostgreSQL ---------------------------------------------------------------------------------------------

# The newest server that is installed: on the path, or where Debian puts it.
postgres_bin() {
  local found
  found=$(find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1)
  if [ -n "$found" ]; then
    dirname "$found"
  elif command -v postgres >/dev/null && command -v initdb >/dev/null; then
    dirname "$(command -v postgres)"
  fi
}

# Runs a command as an unprivileged user when we are root: PostgreSQL refuses to run as root. It replaces the
# process, so that the pid that the caller sees is the server's.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    exec setpriv --reuid="$POSTGRES_USER" --regid="$(id -g "$POSTGRES_USER")" --clear-groups -- "$@"
  fi
  exec "$@"
}

postgres_start() {
  [ -n "$(postgres_bin)" ] || packages_install postgresql
  POSTGRES_BIN=$(postgres_bin)
  [ -n "$POSTGRES_BIN" ] || die "no PostgreSQL server found after installing it"
  POSTGRES_USER=postgres
  id "$POSTGRES_USER" >/dev/null 2>&1 || POSTGRES_USER=nobody
  local dir="$SERVICES_DIR/postgres" password
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  mkdir -p "$dir/socket"
  printf '%s\n' "$password" >"$dir/password"
  [ "$(id -u)" -ne 0 ] || chown -R "$POSTGRES_USER" "$dir"
  # `password` and not SCRAM: loopback only, and SCRAM's thousands of hashes per connection are slow in a test build.
  (cd / && as_postgres "$POSTGRES_BIN/initdb" --pgdata="$dir/data" --username=acuerdo --pwfile="$dir/password" \
    --auth=password --encoding=UTF8 --locale=C.UTF-8 --no-sync) >"$SERVICES_DIR/initdb.log" 2>&1 ||
    { cat "$SERVICES_DIR/initdb.log" >&2; die "initdb failed"; }
  for _ in 1 2 3 4 5; do
    POSTGRES_PORT=$(port_free)
    if postgres_run; then
      (export PGPASSWORD="$password"
        "$POSTGRES_BIN/createdb" --host=127.0.0.1 --port="$POSTGRES_PORT" --username=acuerdo acuerdo_test)
      export ACUERDO_TEST_POSTGRES="postgres://acuerdo:$password@127.0.0.1:$POSTGRES_PORT/acuerdo_test"
      say "PostgreSQL: $("$POSTGRES_BIN/postgres" --version), port $POSTGRES_PORT"
      return
    fi
  done
  cat "$SERVICES_DIR/postgres.log" >&2
  die "PostgreSQL did not start"
}

# Starts the server on the data that is there; false when it does not answer. POSTGRES_OPTIONS may add settings.
postgres_run() {
  local dir="$SERVICES_DIR/postgres"
  # shellcheck disable=SC2086 # POSTGRES_OPTIONS is a list of options.
  (cd / && as_postgres ${MOMENT[@]+"${MOMENT[@]}"} "$POSTGRES_BIN/postgres" -D "$dir/data" \
    -c listen_addresses=127.0.0.1 -c port="$POSTGRES_PORT" -c unix_socket_directories="$dir/socket" \
    -c max_connections=300 -c timezone=UTC \
    ${POSTGRES_OPTIONS:--c fsync=off -c full_page_writes=off -c synchronous_commit=off}) \
    >>"$SERVICES_DIR/postgres.log" 2>&1 &
  local pid=$!
  # No word of the shell's own when a drill kills it.
  disown "$pid"
  echo "$pid" >"$SERVICES_DIR/postgres.pid"
  for _ in $(seq 300); do
    ! postgres_answers || return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  postgres_stop INT
  return 1
}

# postgres_stop SIGNAL : INT is PostgreSQL's fast shutdown, which does not wait for clients; QUIT is a crash.
postgres_stop() {
  file_stop "$SERVICES_DIR/postgres.pid" "$1"
}

postgres_answers() {
  "$POSTGRES_BIN/pg_isready" --quiet --host=127.0.0.1 --port="$POSTGRES_PORT"
}

# disk_begin BYTES : before postgres_start, a disk of its own that can be filled; false when this system does not let us.
disk_begin() {
  mkdir -p "$SERVICES_DIR/postgres"
  mount -t tmpfs -o "size=$1,mode=755" tmpfs "$SERVICES_DIR/postgres" 2>/dev/null || return 1
  export DISK_BYTES=$1
}

# No byte is left. It may be written to meanwhile, so that one look is not enough.
disk_fill() {
  local used
  for _ in $(seq 50); do
    used=$(df --output=used --block-size=1 "$SERVICES_DIR/postgres" | tail -n 1)
    ! mount -o "remount,size=$used" "$SERVICES_DIR/postgres" 2>/dev/null || return 0
  done
  die "the disk of PostgreSQL could not be filled"
}

disk_free() {
  mount -o "remount,size=$DISK_BYTES" "$SERVICES_DIR/postgres"
}

# --- Redis --------------------------------------------------------------------------------------------------

redis_start() {
  need_command redis-server redis-server
  need_command redis-cli redis-tools
  mkdir -p "$SERVICES_DIR/redis"
  for _ in 1 2 3 4 5; do
    REDIS_PORT=$(port_free)
    if redis_run; then
      export ACUERDO_TEST_REDIS="redis://127.0.0.1:$REDIS_PORT"
      say "Redis: $(redis-server --version | cut -d' ' -f1-3), port $REDIS_PORT"
      return
    fi
  done
  cat "$SERVICES_DIR/redis.log" >&2
  die "Redis did not start"
}

redis_run() {
  # Always at the machine's own time: its allocator (jemalloc) and libfaketime do not get along.
  redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --save '' --appendonly no --daemonize no \
    --dir "$SERVICES_DIR/redis" >>"$SERVICES_DIR/redis.log" 2>&1 &
  local pid=$!
  disown "$pid"
  echo "$pid" >"$SERVICES_DIR/redis.pid"
  for _ in $(seq 100); do
    if [ "$(redis-cli -h 127.0.0.1 -p "$REDIS_PORT" ping 2>/dev/null)" = PONG ]; then
      return 0
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  redis_stop TERM
  return 1
}

# redis_stop SIGNAL
redis_stop() {
  file_stop "$SERVICES_DIR/redis.pid" "$1"
}

# --- Browser ------------------------------------------------------------------------------------------------

browser_need() {
  need_command chromium chromium
  need_command chromedriver chromium-driver
  say "browser: $(chromium --version --no-sandbox 2>/dev/null), $(chromedriver --version | cut -d' ' -f1-2)"
}
