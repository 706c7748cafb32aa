"""How a process of a run is recognised: by its environment and secret, its pid record, its start, its parents."""
