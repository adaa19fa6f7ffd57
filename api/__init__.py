"""JSON in and out: requests decoded, responses encoded, and the OpenAPI document.

It knows `credit_scoring` and pydantic, neither FastAPI nor `serving`."""
