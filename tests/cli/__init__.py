"""Does the command line keep its word, in real processes?"""
