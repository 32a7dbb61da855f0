"""What is watched for changes: items, looks at them, signals about them, and the due set."""
