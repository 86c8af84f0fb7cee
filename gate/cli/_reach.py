"""How sources are reached: the environment and options of the command line, turned into values."""
