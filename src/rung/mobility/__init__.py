"""How far people climbed."""
