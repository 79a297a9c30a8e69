# What is changed in llama.cpp's build: CMake includes it where llama-cpp-python's project begins.

# llama-cpp-python forces this on in CMake's cache; a plain variable set here still wins over the cache.
set(LLAMA_BUILD_COMMON OFF)

# q4_rows.cpp takes the place of two of llama.cpp's functions, and calls them by these names where it must.
set(SCRUBJAY_Q4_ROWS "${CMAKE_CURRENT_LIST_DIR}/q4_rows.cpp")
function(scrubjay_add_q4_rows)
    if(NOT TARGET ggml-cpu OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        return()
    endif()
    target_sources(ggml-cpu PRIVATE "${SCRUBJAY_Q4_ROWS}")
    get_target_property(sources ggml-cpu SOURCE_DIR)
    set_source_files_properties("${sources}/ggml-cpu/arch/x86/repack.cpp"
        TARGET_DIRECTORY ggml-cpu PROPERTIES COMPILE_DEFINITIONS
        "ggml_gemv_q4_0_8x8_q8_0=scrubjay_their_gemv;ggml_gemm_q4_0_8x8_q8_0=scrubjay_their_gemm")
endfunction()
cmake_language(DEFER CALL scrubjay_add_q4_rows)  # after llama.cpp's own
