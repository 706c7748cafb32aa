"""Charts of time in the terminal: timeline, heatmap, calendar."""
