"""How files are read: text, workbooks, statistics packages; nothing coerced."""
