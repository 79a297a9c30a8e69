"""How the reasoning adapter is made: problems whose answers a program works out, and the training on them."""
