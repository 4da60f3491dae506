"""What a worker's page of metrics says."""

import re


def counted(page: str, subject: str, error_type: str) -> float:
    """How many messages of `subject` ended so."""
    for line in page.splitlines():
        if line.startswith("messaging_process_duration_seconds_count{"):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
            if (labels["messaging_destination_name"], labels["error_type"]) == (subject, error_type):
                return float(line.rpartition(" ")[2])
    return 0.0
