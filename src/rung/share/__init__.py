"""What people see: release, words, tables, charts, the brief."""
