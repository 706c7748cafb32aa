"""The pure rules: how entries fold into a state, and what must happen next."""
