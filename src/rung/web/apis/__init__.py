"""The API, one module a room; what they do is in the rooms' own modules."""
