"""The two jobs that cronledger brings along: they delete files by their age, and record that themselves.

- `jobs` has their classes, which are jobs in Python like those that people write, found by their names.
- `python -I -m scheduler.builtin NAME …` runs one of them in a process of its own: `request` makes its command line,
  `command_line` reads it, `__main__` runs the class.
- `retention` is what they do in one folder, `protected_paths` what they spare, `folders` which folders these are,
  `retention_report` and `summary` what they record and say.
"""
