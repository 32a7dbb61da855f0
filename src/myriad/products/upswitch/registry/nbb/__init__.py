"""Annual accounts as filed with the National Bank of Belgium (NBB, Central Balance Sheet Office)."""
