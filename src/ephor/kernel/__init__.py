"""Words every room shares. Pure: no I/O, no clock, no environment."""
