#!/usr/bin/env bash
# Installs the Debian packages that aicc is built, tested and demonstrated with; does nothing where all are there.
set -euo pipefail

packages=(
  # build
  cmake ninja-build gcc g++ libc6-dev llvm-19-dev clang-19 libclang-rt-19-dev
  protobuf-c-compiler libprotobuf-c-dev libxxhash-dev zlib1g-dev libzstd-dev
  # tests
  gcc-aarch64-linux-gnu libc6-dev-arm64-cross
  libcmocka-dev qemu-user libonnx-testdata libonnx-dev protobuf-compiler
  python3 python3-onnx python3-numpy binutils xz-utils
)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "install-deps: everything is installed"
  exit 0
fi
echo "install-deps: installing ${missing[*]}"
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
