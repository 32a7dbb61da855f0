"""What a member sees and decides: home, purchases and why they buy what they buy, rules, joining."""
