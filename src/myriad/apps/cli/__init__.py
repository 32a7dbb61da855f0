"""The command line: a frame that imports a command's module only when that command is called."""
