"""Units for systemd: their text, by its own rules of quoting, and how they come into its folders.

- `unit_escaping` writes a word or a path as systemd reads it.
- `scheduler_unit` and `hardened_units` say what is in the units, `unit_text` how that is a file.
- `requested_units` are those that were asked for; `machine` is what has to be known of this machine for them.
- `unit_folder` tells which units are ours and unedited; `placing` puts them there, `unit_check` has them checked.
"""
