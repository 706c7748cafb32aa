"""Five-field cron: what an expression may hold, which wall times it names, and when those come in a zone.

The way of an expression: `expression` splits it and `fields` reads each field into the terms of `vocabulary`;
`wall_pattern` says which wall-clock minutes match (`stepper` steps through them), `schedule` turns them into
instants. `words` and `lint` tell a reader about it. What cannot be read is explained by `expression_mistakes`
and `field_mistakes`.
"""
