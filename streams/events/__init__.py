"""The event topics: their fields, their checks and what each event counts, one file a topic."""
