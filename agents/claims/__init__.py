"""Who owns an event's identity, and which sale is a person's first: claims in Redis, and what workers must agree on."""
