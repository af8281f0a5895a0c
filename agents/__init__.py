"""Everything that runs: Faust, Kafka, Redis, HTTP and the command. It may import `streams`, never the other way."""
