"""How requests of the reasoning problems are worded, and what they speak of; every fifth of each list is held
out (see `..draw`)."""
