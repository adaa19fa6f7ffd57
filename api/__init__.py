"""JSON in and out: decoded requests, encoded responses, and the OpenAPI document."""
