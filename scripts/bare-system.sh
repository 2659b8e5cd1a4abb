#!/usr/bin/env bash
# Shows that scripts/demo.sh needs nothing but Debian 12: makes a minimal system in a temporary folder with debootstrap,
# copies the committed tree there without .git, runs the demo inside, and removes the folder. Needs root, and minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" -eq 0 ] || { echo "bare-system: needs root"; exit 1; }
root=$(mktemp -d)
leave() {
  umount "$root/proc" 2> /dev/null || true
  [ -e "$root/proc/self" ] || rm -rf --one-file-system "$root"
}
trap leave EXIT
command -v debootstrap > /dev/null || apt-get install -y -qq debootstrap > /dev/null
# The mirror that this system's own packages come from.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 2> /dev/null | awk '$2 == "bookworm" {print $1; exit}')
echo "bare-system: debootstrap"
debootstrap --variant=minbase bookworm "$root" ${mirror:+"$mirror"} > "$root.log" 2>&1 || { tail "$root.log"; exit 1; }
rm -f "$root.log"
cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2> /dev/null || true
cp -L /etc/hosts "$root/etc/hosts"
mount -t proc proc "$root/proc" 2> /dev/null || echo "bare-system: without /proc"
mkdir -p "$root/aicc"
git archive HEAD | tar -x -C "$root/aicc"
echo "bare-system: scripts/demo.sh"
chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 /aicc/scripts/demo.sh
