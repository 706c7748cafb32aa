"""Tests of the page of audits."""
