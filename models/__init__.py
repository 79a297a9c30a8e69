"""What writes: the engine over llama.cpp, prompts made of segments, constrained decoding."""

import os

# llama.cpp's threads wait for each other hundreds of times a token. By OpenMP's default they spin meanwhile:
# on two cores with another program running, a plan of 56 tokens took 13 s instead of 0.2 s. OpenMP reads
# this once, when llama_cpp is imported first.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
