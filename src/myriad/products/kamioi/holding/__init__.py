"""What a member holds: positions, their value from day to day, statements, lots for the tax year."""
