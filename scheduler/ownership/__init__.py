"""Whose a home is, who acts in it, and whether it is a copy of another one."""
