"""Is everything that is declared used, documented, and true?"""
