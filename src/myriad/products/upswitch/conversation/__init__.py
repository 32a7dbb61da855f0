"""From a company's number to confirmed facts: prefill, questions, answers, and a model's part."""
