"""The peers' own programs: each runs in the peers' environment, which has nothing of this project in it."""
