"""Five-field cron: what an expression may hold, which wall times it names, and when those come in a zone.

`expression` splits an expression, and `fields` reads each field into the terms of `vocabulary`. `wall_pattern` says
which wall-clock minutes match (`stepper` steps through them), and `schedule` turns them into instants. `words` and
`lint` describe an expression to a reader. `expression_mistakes` and `field_mistakes` explain what cannot be read.
"""
