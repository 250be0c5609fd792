"""Roof of the house: configuration, the application, its server, the command line. Nobody imports it."""
