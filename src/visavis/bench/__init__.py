"""Measuring: metrics as pure functions, protocols that apply them to data, plots and contact sheets."""
