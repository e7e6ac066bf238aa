"""How a provider's columns and values are recognised."""
