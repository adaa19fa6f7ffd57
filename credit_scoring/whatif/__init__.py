"""Changed values to scores: breakpoints, ICE curves and counterfactuals."""
