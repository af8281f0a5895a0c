"""What a worker says over HTTP: metrics, health and the API, all rendered from one immutable snapshot."""
