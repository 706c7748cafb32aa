"""The manual pages, made of the commands themselves: one a command, in the language of `man`."""
