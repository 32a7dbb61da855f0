"""What must hold while things are killed: real processes, real servers, one ledger."""
