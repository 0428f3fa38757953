# Sourced by the launchers. Finds the project through symlinks, installs the npm packages once, then becomes the pinned Node.
# The stamp lies inside node_modules, which `npm ci` removes first: an install that was killed has no stamp and is done again.
set -eu

launch_root() {
  local path=$1 target
  while [ -L "$path" ]; do
    target=$(readlink "$path")
    case $target in /*) path=$target ;; *) path=${path%/*}/$target ;; esac
  done
  case $path in */*) cd -P -- "${path%/*}" ;; esac
  root=$PWD
  cd -- "$OLDPWD" 2>/dev/null || true
}

launch_find_node() {
  for node in "$root"/node_modules/node-linux-*/bin/node "$root"/node_modules/node-darwin-*/bin/node \
    "$root"/node_modules/node-bin-*/bin/node; do
    [ -x "$node" ] && return 0
  done
  return 1
}

launch_ready() {
  cmp -s "$root/package-lock.json" "$root/node_modules/.babelreel-lock" && launch_find_node
}

launch_install() {
  local major
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    printf '✗ Node.js is not here.\n  babelreel needs Node 20 or newer with npm 10 or newer to install its own pinned Node.\n  ERR_ENVIRONMENT (exit 7)\n' >&2
    exit 7
  fi
  major=$(npm --version) && major=${major%%.*}
  if [ "$major" -lt 10 ]; then
    printf '✗ npm %s is too old.\n  npm 10 or newer is needed to read the lock file.\n  Then:  npm install --global npm@11\n  ERR_ENVIRONMENT (exit 7)\n' "$major" >&2
    exit 7
  fi
  if ! [ -w "$root" ]; then
    printf '✗ The npm packages are not installed and %s cannot be written.\n  ERR_NOT_WRITABLE (exit 9)\n' "$root" >&2
    exit 9
  fi
  # The lock is on a file that is always there, so that nothing is left behind; npm inherits it and holds it if we are killed.
  exec 9<"$root/package.json"
  if command -v flock >/dev/null && ! flock -n 9; then
    echo 'babelreel: another start is installing the npm packages; waiting for it…' >&2
    flock 9
  fi
  launch_ready && return 0
  echo 'babelreel: installing the npm packages and the pinned Node (once, about half a minute)…' >&2
  if ! (cd "$root" && npm ci --no-audit --no-fund --loglevel=error >&2); then
    printf '✗ npm could not install the packages.\n  Nothing is lost; the next start tries again.\n  Is the network there? Then:  npm ci --prefix %q\n  ERR_ENVIRONMENT (exit 7)\n' "$root" >&2
    exit 7
  fi
  cp "$root/package-lock.json" "$root/node_modules/.babelreel-lock"
  launch_find_node || { printf '✗ npm has no pinned Node for this platform.\n  ERR_ENVIRONMENT (exit 7)\n' >&2; exit 7; }
  exec 9<&-
}

# launch SCRIPT ARGUMENTS…: SCRIPT is relative to the project.
launch() {
  launch_root "$0"
  launch_ready || launch_install
  local script=$1
  shift
  exec "$node" "$root/$script" "$@"
}
