"""What a person asks for and is told: cancelling, enabling, what comes next, why a run waits."""
