"""What a simulated provider is, and how it sends its records."""
