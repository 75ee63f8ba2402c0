"""The command line, `keras-hashing`: one file a command."""
