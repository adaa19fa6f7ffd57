"""Commands that remove what is kept, or keep it longer."""
