"""Moving in: jobs of other schedulers as config of this one.

Each job that is made carries the times of its source twice: in the config's own words, and as an `InstantSource`,
which lists them by the rules of the source, read independently of `scheduler.schedule`. `proof` holds the two against
each other. Nothing here reads a clock or the environment, and no file but through what comes in with `Surroundings`:
what a conversion has to know of the machine.
"""
