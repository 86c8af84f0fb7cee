"""Rule files: read, checked, merged. The types that come out are in `gate.ruleset.rule`."""
