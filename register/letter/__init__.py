"""The letter to a client about a decision: accessible HTML in English or French."""
