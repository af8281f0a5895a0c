"""What is deployed with docker-compose.yml, without a container engine: its files, and its commands on local parts."""
