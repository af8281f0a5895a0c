"""From the records of the event topics to summaries: everything that keeps nothing a crash could lose."""
