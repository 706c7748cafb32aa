"""What `status` tells of a home: what it finds out, its lines for people, its document for programs."""
