"""What a person looks like: skin, eyes, mouth, hair and what is worn; each module makes materials or surfaces."""
