"""How text becomes checked tables."""
