"""Files to topics: rows of CSV or JSON lines, checked as the workers do; a file sent twice counts once."""
