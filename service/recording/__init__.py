"""The register behind its routes; imported only if a register is configured."""
