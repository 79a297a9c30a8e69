"""What writes: the engine over llama.cpp, prompts made of segments, constrained decoding."""
