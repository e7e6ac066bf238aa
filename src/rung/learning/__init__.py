"""Phase III: did it work."""
