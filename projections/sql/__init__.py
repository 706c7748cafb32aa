"""Answering queries: the connection, which statements are allowed, results."""
