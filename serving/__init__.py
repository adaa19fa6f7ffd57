"""What any HTTP service needs: a worker, bounds, logs, a watched folder. It knows no client."""
