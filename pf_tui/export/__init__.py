"""What leaves for engines of others: a proxy's configuration, metrics. Nothing here is on a hot path."""
