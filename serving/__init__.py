"""Parts of any HTTP service: worker, limits, queue, log, metrics, reloads. It knows no client."""
