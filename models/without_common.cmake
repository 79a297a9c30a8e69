# llama-cpp-python forces this on in CMake's cache; a plain variable set here still wins over the cache.
set(LLAMA_BUILD_COMMON OFF)
