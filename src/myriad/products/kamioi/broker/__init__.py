"""The broker: a port, a deterministic paper broker, and a client for Alpaca with its simulator."""
