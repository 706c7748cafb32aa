"""Changes that a second person has to approve: what is pending, who may approve it, what is recorded. Pure rules."""
