"""The worker process of gunicorn."""

from uvicorn_worker import UvicornWorker


class Worker(UvicornWorker):  # type: ignore[misc]  # the package has no types
    """uvicorn in a worker of gunicorn, on uvloop and httptools."""
