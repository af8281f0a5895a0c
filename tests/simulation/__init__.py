"""A seeded simulation: the project's own blocks, merge and statements over models of Kafka, Redis and workers."""
