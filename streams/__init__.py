"""What a campaign's data means: pure and typed, without I/O; time is always an argument."""
