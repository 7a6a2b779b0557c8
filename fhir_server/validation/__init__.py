"""Is this resource well made?"""
