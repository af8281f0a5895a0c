"""From summaries to panes and to the picture that is shown: everything that a partition's owner does."""
