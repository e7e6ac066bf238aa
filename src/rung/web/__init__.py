"""The web lab: people working together, phase by phase. It shows what `cycle` answers."""
