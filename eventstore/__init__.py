r"""An append-only, hash-chained ledger in a folder, and the specification of its format, number 1.

The ledger knows bytes, entries, hashes and durability. It does not know what the entries are about.

An entry
    is one line of JSON: ASCII, ended by LF, at most 65,535 bytes including the LF. Its members stand in this
    order, without blanks between them:

    =========  ==========================================================================================
    `seq`      its position: from 0, without gaps. `seq` orders entries; `time` does not
    `time`     the writer's wall clock: UTC, RFC 3339 with six digits and `Z`
    `type`     a fact in the past tense, `noun.verb`
    `actor`    who did it: `scheduler`, `config` or `user:NAME@HOST`
    `job`      the job that it is about; left out if there is none
    `run`      the number of the run that it is about; left out if there is none
    `data`     the payload: a JSON object; at most 200 objects and arrays, itself included, are open at once
    `durable`  how many entries were known to be on disk when the line was composed; never more than `seq`
    `prev`     the `hash` of the entry before; 64 zeros in entry 0
    `hash`     SHA-256, as 64 lower-case hex digits, of the bytes of the line that stand before `,"hash":`
    =========  ==========================================================================================

    Numbers are written without sign, leading zeros or fraction. `type`, `actor` and `job` are not empty.
    Characters beyond ASCII are written as `\uXXXX`, in pairs where one is not enough. Hashes are taken over
    the bytes as they stand: nothing has to be encoded again to check them. Readers accept types and payload
    members that they do not know; writers never write such types or members.

Worked example
    A ledger of three entries (each one line; wrapped here, to be joined without the blanks they begin with):

        {"seq":0,"time":"2026-11-23T02:00:00.000512Z","type":"ledger.created","actor":"scheduler",
          "data":{"ledger":"3c9f7d20a1b84e5f9d0c6b7a81e2f354","format":1,"software":"cronledger 0.1.0"},
          "durable":0,"prev":"0000000000000000000000000000000000000000000000000000000000000000",
          "hash":"7f5c18387c63213e29385cc9e134c6bf28aa38d780abcccf03f93b1dc9c7d30e"}
        {"seq":1,"time":"2026-11-23T02:00:01.000512Z","type":"schedule.ticked",
          "actor":"scheduler","job":"caf\u00e9","run":1,
          "data":{"scheduled_for":"2026-11-23T02:00:00Z"},
          "durable":1,"prev":"7f5c18387c63213e29385cc9e134c6bf28aa38d780abcccf03f93b1dc9c7d30e",
          "hash":"f9fd4280bf3c19e3f9cd37074ec07fbc4a5734c68275f4f329e2bb8af4b9d739"}
        {"seq":2,"time":"2026-11-23T02:00:02.000512Z","type":"run.started",
          "actor":"scheduler","job":"caf\u00e9","run":1,
          "data":{"attempt":1},
          "durable":2,"prev":"f9fd4280bf3c19e3f9cd37074ec07fbc4a5734c68275f4f329e2bb8af4b9d739",
          "hash":"b50e732d074c574b34a464746a4445f1a6f99d5a0494373a3d11946ac72c0c05"}

    and how one of its lines is checked with nothing but a shell, here entry 2:

        sed -n 3p 00000000000000000000.jsonl | sed 's/,"hash":.*//' | tr -d '\n' | sha256sum

Entry 0
    is of the type `ledger.created`; its payload names the ledger (32 hex digits), the format of all its
    entries, and the software that created it. A test ledger with small segments has a fourth member,
    `segment_entries`. A ledger with a greater format number is refused, for reading as for writing.

Files
    ==============================  =====================================================================
    `00000000000000000000.jsonl`    a segment, named by its first entry in 20 digits: 65,536 entries
    `00000000000000000000.seal`     written when the segment is full: its digest, so that files can be compared
    `00000000000000065536.archived` when the segment was archived: where it is now (see `archive.marker`)
    `HEAD`                          two slots: how far the ledger is known to be on disk (see `head`)
    `checkpoints/<first>/<size>`    a signed checkpoint of so many entries, in 20 digits (`proofs/kept_checkpoints`)
    `lock`                          held by the process that writes; never removed
    `reserve`                       room kept for the moment when the disk is full
    `quarantine/<seq>-<at>.torn`    what a crash left, byte for byte: the name says where it was found
    ==============================  =====================================================================

    Folders are created with mode 0700, files with mode 0600. To copy a ledger that is being written, hold its
    lock meanwhile (`flock --shared lock cp -a . COPY`). A copy in which `HEAD` is newer than the segments lacks
    entries, and is reported as corrupt.

Writing
    Under the lock, a writer reads what others appended, composes its lines, makes one `write` and one
    `fdatasync`, and writes `HEAD`. A segment is created only after the one before it is on disk, whole. A write
    that fails is taken back and may be tried again; a flush that fails poisons the writer for good. A batch that
    is acknowledged is whole, and a batch that is refused is not there; of a batch that a crash interrupts, the
    first entries may stay.

Reading
    A reader takes the lock, shared, while it reads what is new: what it sees is committed and stays.
    If there is no lock file, as in a copy, the reader stops at the first line that is not whole.

Archived
    A sealed segment may be moved to an archive: never the first one, and never the last that is sealed. An entry
    `ledger.archived` records its digest and the root of the tree over its entries, a marker beside its seal says
    where it is, and then its file is removed. Whoever needs its entries reads them there, and what is read has to
    have the digest that its seal says. A marker counts only while there is no such file here.

Torn or corrupt
    Let *k* be the number of the first line that is not the entry that it must be. The ledger is corrupt if
    `HEAD` or a checkpoint reaches to *k* or beyond, if a later line that speaks for itself (its hash is that of its
    bytes) has `durable` > *k*, or if there is a later segment or a seal: then *k* was on disk once. It is corrupt too
    if it ends before all that a checkpoint covers. The ledger is corrupt
    too if line *k* has arrived whole, its LF included, and says something else: no crash makes a line that is
    whole and wrong. Nothing is written to a corrupt ledger. Otherwise the tail is torn: the bytes are moved to
    quarantine, the segment is cut, and an entry `ledger.recovered` says how many bytes they were, what their
    digest is and where they stood (see `recovery`). Bytes behind the last entry of a full last segment without a
    seal are a torn tail too.

The ledger cannot show that somebody removed the newest entries *and* set `HEAD` back to match, or wrote the
whole chain anew. To show that takes a witness outside the folder.
"""
