"""How kindly a text speaks: the built-in lexicon for Russian and English."""
