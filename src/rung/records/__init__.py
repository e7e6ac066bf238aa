"""What comes in: files, their meaning, their checks, and the queries over them."""
