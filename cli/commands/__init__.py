"""One module a command, in a folder a group; each is imported only when it is used."""
