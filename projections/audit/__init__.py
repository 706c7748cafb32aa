"""The audit report: is the population complete, and what became of it?

For each job and each revision of its definition, every instant that the schedule implied is recomputed, and the entry
is looked for that disposed of it: there is exactly one, or the instant is unexplained. All is read from the entries,
each checked against the chain; no projection is asked.

- `reckoning` is the pass over the entries; `population/` has the instants, and which entry disposed of each;
- `findings` are what nothing explains, `versions` says who computed the instants of then;
- `runs`, `breaches`, `watch`, `changes`, `evidence` gather what stands around the population, `window` is the range;
- `report` puts it together, `document` is the same as JSON.

Unlike the rest of the projections, this knows the rules: what an entry disposes of is what the fold makes of it.
"""
