"""What a family has left as its wage rises: taxes, credits and help, and where net income falls."""
