"""The terminal: `rung <verb>` parses, calls one function of `cycle`, and prints."""
