"""The law, as data only: one folder per act, each with its cases."""
