"""The variables that an attempt gets from its job: the environment, parameters and secrets."""
