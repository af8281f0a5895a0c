"""The demo as a newcomer starts it: a child process with the embedded parts."""
