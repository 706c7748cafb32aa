"""`cronledger audit …`: what an auditor is given."""
