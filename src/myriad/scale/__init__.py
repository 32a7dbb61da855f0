"""The scale layer: one package per capability, none of which knows a product."""
