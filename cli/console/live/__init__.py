"""New entries as server-sent events, for pages that are open.

`live_events`     how entries are told to a page, as bytes of the stream
`live_entries`    the one who follows the ledger for all open pages
`live_answer`     what one open page is sent
`event_stream`    an answer that goes on, and when its page is let go of
`open_views`      how many pages there may be

The id of each event is the number of an entry, so that a browser that lost the connection says how far it had come.
"""
