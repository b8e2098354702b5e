#!/usr/bin/env bash
# Runs a command on a clean clone of this repository in a bare Debian 12: scripts/bare.sh COMMAND [ARGUMENT...]
#
#   scripts/bare.sh ./scripts/test.sh
#
# Bare means what `debootstrap --variant=minbase` makes, with git and ca-certificates and nothing else. Cloned is
# what is committed. Package sources, proxies and npm's settings are this machine's, and so is the network. The
# root lies below build/ and is removed at the end with all processes in it; .cache/bare.tar spares the next run
# the making of it. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $# -gt 0 ]] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[[ $(id -u) -eq 0 ]] || exec sudo --preserve-env scripts/bare.sh "$@"
scripts/dependency.sh ci

mkdir -p .cache build
root=$(mktemp -d "$PWD/build/bare.XXXXXX")
trap 'rm -rf --one-file-system "$root" "$root.log"' EXIT
chmod 755 "$root"
if [[ ! -e .cache/bare.tar ]]; then
  # shellcheck disable=SC2016  # apt expands it
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' |
           head -n 1)
  echo "Making a bare root with debootstrap"
  debootstrap --variant=minbase --include=git,ca-certificates bookworm "$root" "$mirror" >"$root.log" ||
    { tail -n 40 "$root.log"; exit 1; }
  tar -C "$root" -cf .cache/bare.tar.new .
  mv .cache/bare.tar.new .cache/bare.tar
else
  tar -C "$root" -xf .cache/bare.tar
fi

# Where this machine gets packages from.
rm -f "$root/etc/apt/sources.list"
for path in /etc/apt/{sources.list,sources.list.d,apt.conf,apt.conf.d,preferences,preferences.d} \
            /etc/apt/{keyrings,trusted.gpg.d} /usr/share/keyrings /usr/local/share/ca-certificates; do
  [[ ! -e $path ]] || cp -a --parents "$path" "$root"
done
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
user_npmrc=$HOME/.npmrc global_npmrc=/etc/npmrc
if command -v npm >/dev/null; then
  user_npmrc=$(npm config get userconfig) global_npmrc=$(npm config get globalconfig)
fi
[[ ! -e $user_npmrc ]] || cp "$user_npmrc" "$root/root/.npmrc"
[[ ! -e $global_npmrc ]] || cp "$global_npmrc" "$root/etc/npmrc"
environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
             TERM="${TERM:-dumb}" NPM_CONFIG_GLOBALCONFIG=/etc/npmrc)
while IFS= read -r -d '' variable; do
  [[ ${variable%%=*} =~ ^(.*_[Pp][Rr][Oo][Xx][Yy]|(NPM_CONFIG|npm_config)_.*|NODE_EXTRA_CA_CERTS)$ ]] &&
    environment+=("$variable")
done < <(env -0)

git -c safe.directory="$PWD" clone -q --no-hardlinks . "$root/pacs"

# A process namespace of its own, so that all that the command starts ends with it, and a mount namespace of its
# own, so that the mounts do.
# shellcheck disable=SC2016  # the inner shell expands it
unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
  root=$1
  shift
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  code=0
  chroot "$root" env -i "$@" || code=$?
  exit "$code"
' _ "$root" "${environment[@]}" \
  bash -c 'update-ca-certificates >/dev/null 2>&1; cd /pacs && exec "$@"' _ "$@"
