"""What a person uses: the command line, one file a command."""
