"""What leaves the plane in forms that others defined: OSCAL, CycloneDX, OCSF, tables."""
