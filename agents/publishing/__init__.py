"""Files to topics: rows of CSV or JSON lines, checked as the workers will, sent once however often they are repeated."""
