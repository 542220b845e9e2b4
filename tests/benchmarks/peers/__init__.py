"""How do others do on the same job, on the same broker, with the same records?"""
