"""Phase I: where are people lost, for whom."""
