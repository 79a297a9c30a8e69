"""Load a model, read a few tokens with it, exit with 0. Run alone: a native crash takes only itself.

    python probe_program.py MODEL repacked|plain

Some builds of llama.cpp crash on some processors as soon as repacked weights meet a batch of tokens
(https://github.com/ggml-org/llama.cpp/issues/20824). Exits with 3 when the model cannot be loaded at all.
"""

import os
import sys

import llama_cpp

TOKENS = 32  # more than the widest kernel's tile, so that the batched kernels run


def main(path: str, weights: str) -> int:
    """Exit code of the probe; a crash has none."""
    llama_cpp.llama_backend_init()
    model_params = llama_cpp.llama_model_default_params()
    model_params.use_extra_bufts = weights == "repacked"
    model = llama_cpp.llama_model_load_from_file(os.fsencode(path), model_params)
    if model is None:
        return 3
    context_params = llama_cpp.llama_context_default_params()
    context_params.n_ctx = 2 * TOKENS
    context = llama_cpp.llama_init_from_model(model, context_params)
    if context is None:
        return 3
    tokens = (llama_cpp.llama_token * TOKENS)()
    for size in (TOKENS, 1):
        if llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(tokens, size)) != 0:
            return 3
    llama_cpp.llama_synchronize(context)
    return 0


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    os._exit(code)  # without native destructors: how they end says nothing about decoding
