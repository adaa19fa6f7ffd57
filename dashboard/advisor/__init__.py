"""The modules that the dashboard's pages share; they know the service by HTTP only."""
