"""What the tests lean on: real Kafka, real Redis, free ports, and the command that installs them."""
