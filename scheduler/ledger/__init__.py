"""A store together with the state that its entries fold to: open, kept in snapshots, as it was, as readers see it."""
