"""Recording a decision: the advisor follows the service or overrides it."""
