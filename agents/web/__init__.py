"""What a worker says over HTTP: the metrics, its health and the API. Everything is rendered from one immutable snapshot."""
