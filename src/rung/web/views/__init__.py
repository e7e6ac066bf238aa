"""The pages, one module a room."""
