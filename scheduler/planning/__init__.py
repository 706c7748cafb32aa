"""The plan of an edit in a home: its config, its ledger and the settings in force, looked at and left as they are."""
