"""How a witness is asked, and by which rules it cosigns."""
