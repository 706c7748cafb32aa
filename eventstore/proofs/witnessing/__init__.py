"""How a log asks a witness to cosign a checkpoint, and by which rules a witness does so: C2SP tlog-witness."""
