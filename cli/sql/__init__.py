"""SQL at the terminal: the prompt, parameters, results in several formats."""
