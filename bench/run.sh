#!/usr/bin/env bash
# Measures compiled models beside ONNX Runtime, oneDNN and OpenBLAS. Installs what is missing, builds, measures:
# see bench/README.md, or bench/run.sh --help.
set -euo pipefail
cd "$(dirname "$0")/.."

onnxruntime_version=1.30.0
packages=(libdnnl-dev libopenblas-dev npm)
work=build/bench
library=$work/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1

install_packages() {
  local missing=() package as_root=()
  for package in "${packages[@]}"; do
    [ "$package" = npm ] && command -v npm > /dev/null && continue
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "bench: installing ${missing[*]}" >&2
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

install_onnxruntime() {
  [ -e "$library" ] && [ "$(cat $work/onnxruntime.version 2>/dev/null)" = $onnxruntime_version ] && return
  echo "bench: installing onnxruntime-node $onnxruntime_version" >&2
  npm install --ignore-scripts --no-audit --no-fund --silent --prefix $work "onnxruntime-node@$onnxruntime_version"
  echo $onnxruntime_version > $work/onnxruntime.version
}

case " $* " in *" --help "*|*" -h "*) exec /usr/bin/python3 bench/run.py --help ;; esac
mkdir -p $work
{
  scripts/install-deps.sh
  install_packages
  install_onnxruntime
  scripts/build.sh -DAICC_BENCH=ON
  cmake --build build --target aicc-bench
} > $work/build.log 2>&1 || { cat $work/build.log >&2; exit 1; }
[ "${1:-}" = agree ] && shift && exec /usr/bin/python3 bench/agree.py --build build --ort "$library" "$@"
exec /usr/bin/python3 bench/run.py --build build --ort "$library" "$@"
