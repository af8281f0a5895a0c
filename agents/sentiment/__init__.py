"""A plug-in that scores texts in the lexicon's place, in a process of its own."""
