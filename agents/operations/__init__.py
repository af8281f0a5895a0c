"""What commands do to a deployment: topics, catalogue, dead letters, diagnosis, files of events.

Of these a worker needs only the check of its topics at the start.
"""
