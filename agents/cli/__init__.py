"""The command `launchpulse`: one file a command, what each exits with in `agents.cli.common`."""
