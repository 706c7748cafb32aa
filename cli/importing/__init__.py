"""What the import commands share: options, the surroundings of a home, and how an import is told."""
