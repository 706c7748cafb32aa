"""The console: pages about a home, for those who look rather than type.

It is a process beside the scheduler: it reads the ledger as every command does, and what a person does on a page it
appends, as every command does. Slow or dead, it costs scheduling nothing.

    request → headers → who may → as of when → a page: what it shows is made from a `View`, under the site's lock
                                                  → a template → HTML

`site` holds the home and its ledger, which stays open; `asked` is one request with all that a page needs; `pages/`
has a wing for each page, with its routes; `access/` says who may what; `actions/` records what a person does; `live/`
tells browsers what is appended.
"""
