"""Evidence bundles: a zip that holds entries as they stand in the ledger, and what is needed to check them elsewhere.

    README.txt                   what it proves, and what not
    verify.py                    checks all of it; whoever is in doubt brings a copy of their own
    report.html, report.txt      the audit report of the time, for people; derived, and nothing proves it
    keys.txt                     public keys, one a line
    entries/FIRST.jsonl          the lines of entries, byte for byte; a member for each segment
    entries.txt                  the same in sentences; derived
    tree.txt                     for what is left out: `SEQ HEIGHT HASH`, the root of 2**HEIGHT leaves from SEQ on
    checkpoints/SIZE.note        a signed checkpoint, with its cosignatures
    checkpoints/SIZE.signed      that with the first signature alone: what time stamps are of
    checkpoints/SIZE-N.tsr       a time stamp of RFC 3161
    output/RUN-ATTEMPT.STREAM    what a run printed; with `.masked` behind it, if something was masked
    MANIFEST.sha256              the SHA-256 of each other member

The same ledger, checkpoints and range give the same bytes. `verify` is that very `verify.py`.
"""
