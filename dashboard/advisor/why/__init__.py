"""The page Why: themes against and for a client, their features, and all clients."""
