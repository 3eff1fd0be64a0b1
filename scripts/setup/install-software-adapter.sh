#!/usr/bin/env bash
# Installs Mesa's software Vulkan adapter from the distribution's own sources. Argument: main, or a backports suite.
set -euo pipefail
suite=${1:?"usage: install-software-adapter.sh main|bookworm-backports"}
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
if [ "$suite" = main ]; then
  apt-get install -y -qq --no-install-recommends mesa-vulkan-drivers libvulkan1
  exit
fi
# The mirror that this machine already uses for its own release.
release=${suite%-backports}
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk -v name="$release" '$2 == name { print $1; exit }')
[ -n "$mirror" ] || { echo "no package source for $release is configured" >&2; exit 1; }
list=/etc/apt/sources.list.d/wgad-setup.list
trap 'rm -f "$list"' EXIT
echo "deb $mirror $suite main" > "$list"
apt-get update -qq
apt-get install -y -qq --no-install-recommends -t "$suite" mesa-vulkan-drivers libvulkan1
