#!/usr/bin/env bash
# Installs Debian's Chromium for the tests of pages. A machine without a network is told so soon.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
soon=(-qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20)
apt-get update "${soon[@]}"
apt-get install -y --no-install-recommends "${soon[@]}" chromium
