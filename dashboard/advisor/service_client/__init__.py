"""The service, called over HTTP: routes, shapes and failures."""
