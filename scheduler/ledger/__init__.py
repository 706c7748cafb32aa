"""A store together with the state that its entries fold to: open, kept in snapshots, as it was, as readers see it.

    events ---- append, if the head is still the expected one ----> store
      ^                     |                                         |
      |                     | Conflict: others appended first         | entries, one's own and others'
      |                     v                                         v
    decide <----------- refresh ------------------------------->  evolve ----> state
      ^                                                                          |
      +--------------------------------------------------------------------------+
                                                                                 | every 4,096 entries
                                                                                 v
                                                                              snapshot

`Ledger` is this circle. To open a home is to load the newest snapshot that is valid and to fold the entries after it;
without one, all entries are folded. `Past` has the state at any earlier entry: from the states that are kept at the
ends of full segments.
"""
