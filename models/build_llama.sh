#!/bin/sh
# Install llama-cpp-python from source, once per .venv: build_llama.sh PYTHON
#
# It comes as source only, so the build is trimmed to the libraries that are used: no picture models
# (LLAVA_BUILD), and no helper library for llama.cpp's own programs. Weights in 4 bits are multiplied by code
# of our own (llama_build.cmake, q4_rows.cpp). llama.cpp's AMX code crashes on quantized weights (llama.cpp
# issue 20824), so it is left out too; on a build that has it anyway, the engine finds out before it can crash.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
compiler=${CXX:-c++}
command -v "$compiler" >/dev/null || {
    echo "A C and C++ compiler is needed to build llama.cpp (on Debian: apt-get install build-essential)." >&2
    exit 1
}

no_amx="-mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
# shellcheck disable=SC2086  # the flags are words
if echo 'int main(){}' | "$compiler" -x c++ $no_amx -c -o /dev/null - 2>/dev/null; then
    export CFLAGS="${CFLAGS:-} $no_amx" CXXFLAGS="${CXXFLAGS:-} $no_amx"
fi

CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(getconf _NPROCESSORS_ONLN)}
CMAKE_ARGS="${CMAKE_ARGS:-} -DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama_cpp_INCLUDE=$here/llama_build.cmake"
export CMAKE_BUILD_PARALLEL_LEVEL CMAKE_ARGS

# pip keeps what it built and doesn't ask how: each way to build has a place of its own in its cache.
way=$(cat "$here/build_llama.sh" "$here/llama_build.cmake" "$here/q4_rows.cpp" | cksum | cut -d' ' -f1)
PIP_CACHE_DIR=$("$1" -m pip cache dir)/scrubjay-$way
export PIP_CACHE_DIR

echo "Building llama.cpp; this takes a few minutes, once."
"$1" -m pip uninstall --quiet --yes llama-cpp-python 2>/dev/null || true
exec "$1" -m pip install --quiet 'llama-cpp-python>=0.3.36'
